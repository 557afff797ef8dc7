import { FILE_MAGIC, HEADER_BYTES, readHeader, unreadable } from '#domain/binlog/event'

/** The largest event: max_allowed_packet's largest value, and some. */
const LARGEST_EVENT = 2 ** 31

/** Cuts the bytes of one binary log file, in pieces of any size, into whole events. */
export class EventSplitter {
  #pieces: Buffer[] = []
  #length = 0
  #magicSeen = false

  push(bytes: Buffer): void {
    this.#pieces.push(bytes)
    this.#length += bytes.length
  }

  /** The next whole event, in memory of its own; null when more bytes are needed. */
  next(): Buffer | null {
    if (!this.#magicSeen) {
      const magic = this.#take(FILE_MAGIC.length)
      if (!magic) return null
      if (!magic.equals(FILE_MAGIC)) throw unreadable('it does not begin as a binary log does')
      this.#magicSeen = true
    }
    if (this.#length < HEADER_BYTES) return null
    const { size } = readHeader(this.#peek(HEADER_BYTES))
    if (size < HEADER_BYTES || size > LARGEST_EVENT) {
      throw unreadable(`an event says that it has ${size} bytes`)
    }
    return this.#take(size)
  }

  /** Bytes that are no whole event yet. */
  get rest(): number {
    return this.#length
  }

  #peek(bytes: number): Buffer {
    const first = this.#pieces[0]
    if (first && first.length >= bytes) return first.subarray(0, bytes)
    this.#join()
    return (this.#pieces[0] ?? Buffer.alloc(0)).subarray(0, bytes)
  }

  #take(bytes: number): Buffer | null {
    if (this.#length < bytes) return null
    let first = this.#pieces[0]
    if (!first || first.length < bytes) {
      this.#join()
      first = this.#pieces[0]
    }
    if (!first) return null
    const taken = Buffer.from(first.subarray(0, bytes))
    if (first.length === bytes) this.#pieces.shift()
    else this.#pieces[0] = first.subarray(bytes)
    this.#length -= bytes
    return taken
  }

  #join(): void {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)]
  }
}
