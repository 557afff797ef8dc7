/** Cuts what comes from the socket into packets; for answers, which are small. */
export class PacketReader {
  #buffer: Buffer = Buffer.alloc(0)
  readonly #packets: Buffer[] = []
  #failure: Error | null = null
  #wanted: { resolve: (packet: Buffer) => void; reject: (error: Error) => void } | null = null

  /** An answer has come that nobody asked for yet, or the connection is gone. */
  get waiting(): boolean {
    return this.#packets.length > 0 || this.#failure !== null
  }

  push(bytes: Buffer): void {
    this.#buffer = this.#buffer.length ? Buffer.concat([this.#buffer, bytes]) : bytes
    while (this.#buffer.length >= 4) {
      const end = 4 + this.#buffer.readUIntLE(0, 3)
      if (this.#buffer.length < end) return
      this.#packets.push(this.#buffer.subarray(4, end))
      this.#buffer = this.#buffer.subarray(end)
    }
    this.#serve()
  }

  /** The connection is gone; the first reason counts. */
  fail(error: Error): void {
    this.#failure ??= error
    this.#serve()
  }

  async next(): Promise<Buffer> {
    return await new Promise((resolve, reject) => {
      this.#wanted = { resolve, reject }
      this.#serve()
    })
  }

  #serve(): void {
    if (!this.#wanted) return
    const { resolve, reject } = this.#wanted
    const packet = this.#packets.shift()
    if (packet) {
      this.#wanted = null
      resolve(packet)
    } else if (this.#failure) {
      this.#wanted = null
      reject(this.#failure)
    }
  }
}
