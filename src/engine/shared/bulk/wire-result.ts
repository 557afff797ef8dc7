/**
 * Splits a server's answer to COM_QUERY into packets and tells its sink what they are.
 * It sees the bytes as they come from the socket, cut anywhere, and copies only a packet
 * that is cut. Source: MySQL internals, "Text Resultset"; MariaDB, "Result Set Packets".
 */
export interface ResultSink {
  /** One type code per column (enum_field_types). */
  columns(types: Uint8Array): void
  /** One row: length-encoded strings, 0xfb for NULL. The bytes are valid during the call. */
  row(bytes: Buffer, start: number, end: number): void
  /**
   * Takes packets of whole rows itself, for speed: as many as it likes of those that begin at
   * `at`, and none that is anything else.
   *
   * @returns where it stopped
   */
  rows?(bytes: Buffer, at: number): number
  /**
   * A part of a row of 16 MiB and more, cut anywhere. Where `begin` does not ask for parts,
   * such a row comes as one, in memory of its size.
   */
  part?(bytes: Buffer, start: number, end: number, last: boolean): void
  /**
   * The answer is complete.
   * @param warnings how many the server has of it, up to 65535
   */
  end(warnings: number): void
  /** The server gave up, before the first row or after some. The connection is still good. */
  error(error: ServerRefusal): void
}

/** An ERR packet. */
export interface ServerRefusal {
  errno: number
  sqlState: string
  message: string
}

/** A packet of this length goes on in the next one. */
const MAX_PAYLOAD = 0xffffff
const HEADER = 4
const SERVER_MORE_RESULTS_EXISTS = 0x0008

type State = 'idle' | 'first' | 'columns' | 'columns-end' | 'rows'

export class WireResult {
  readonly #deprecateEof: boolean
  readonly #sink: ResultSink
  #state: State = 'idle'
  #types = new Uint8Array(0)
  #column = 0
  /** A packet that is cut: its header and what has come of its payload. */
  #carry: Buffer = Buffer.alloc(0)
  #carried = 0
  /** Earlier parts of a payload of 16 MiB and more. */
  #parts: Buffer[] = []
  /** Parts of a row have gone to the sink, and the last has not. */
  #inRow = false
  #takesParts = false

  /** @param deprecateEof CLIENT_DEPRECATE_EOF was agreed on */
  constructor(sink: ResultSink, deprecateEof: boolean) {
    this.#sink = sink
    this.#deprecateEof = deprecateEof
  }

  /**
   * A query was sent: the next packet is the first of its answer.
   * @param inParts the sink takes rows of 16 MiB and more in parts
   */
  begin(inParts: boolean): void {
    this.#state = 'first'
    this.#takesParts = inParts
  }

  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#carried > 0 || this.#parts.length > 0 || this.#inRow) {
        at = this.#fillCarry(chunk, at)
        continue
      }
      if (this.#state === 'rows') at = this.#sink.rows?.(chunk, at) ?? at
      if (chunk.length - at < HEADER) break
      const length = chunk.readUIntLE(at, 3)
      const end = at + HEADER + length
      if (length === MAX_PAYLOAD || end > chunk.length) break
      this.#packet(chunk, at + HEADER, end)
      at = end
    }
    if (at < chunk.length) this.#keep(chunk, at)
  }

  /** Takes the cut packet's first bytes; its length may not be known yet. */
  #keep(chunk: Buffer, at: number): void {
    const rest = chunk.length - at
    const wanted = rest < HEADER ? HEADER : HEADER + chunk.readUIntLE(at, 3)
    this.#reserve(Math.max(wanted, rest))
    chunk.copy(this.#carry, 0, at)
    this.#carried = rest
  }

  #reserve(size: number): void {
    if (this.#carry.length >= size) return
    const larger = Buffer.allocUnsafeSlow(Math.max(size, 1024))
    this.#carry.copy(larger, 0, 0, this.#carried)
    this.#carry = larger
  }

  /** Adds to the cut packet, handles it when it is whole, and returns where it stopped. */
  #fillCarry(chunk: Buffer, at: number): number {
    let position = this.#copyUpTo(chunk, at, HEADER)
    if (this.#carried < HEADER) return position
    const length = this.#carry.readUIntLE(0, 3)
    this.#reserve(HEADER + length)
    position = this.#copyUpTo(chunk, position, HEADER + length)
    if (this.#carried === HEADER + length) this.#wholeCarry(length)
    return position
  }

  #copyUpTo(chunk: Buffer, at: number, size: number): number {
    if (this.#carried >= size) return at
    const count = Math.min(size - this.#carried, chunk.length - at)
    this.#reserve(size)
    chunk.copy(this.#carry, this.#carried, at, at + count)
    this.#carried += count
    return at + count
  }

  #wholeCarry(length: number): void {
    const packet = this.#carry
    this.#carried = 0
    const goesOn = length === MAX_PAYLOAD
    if (this.#takesParts && this.#state === 'rows' && (goesOn || this.#inRow)) {
      this.#inRow = goesOn
      this.#sink.part?.(packet, HEADER, HEADER + length, !goesOn)
      return
    }
    if (goesOn) {
      this.#parts.push(packet.subarray(HEADER, HEADER + length))
      this.#carry = Buffer.alloc(0)
      return
    }
    if (this.#parts.length === 0) {
      this.#packet(packet, HEADER, HEADER + length)
      return
    }
    const whole = Buffer.concat([...this.#parts, packet.subarray(HEADER, HEADER + length)])
    this.#parts = []
    this.#carry = Buffer.alloc(0)
    this.#packet(whole, 0, whole.length)
  }

  #packet(bytes: Buffer, start: number, end: number): void {
    switch (this.#state) {
      case 'rows':
        this.#rowOrEnd(bytes, start, end)
        return
      case 'columns':
        this.#columnDefinition(bytes, end)
        return
      case 'columns-end':
        this.#state = 'rows'
        return
      case 'first':
        this.#first(bytes, start, end)
        return
      case 'idle':
        // A server that shuts down says so in an ERR packet that nobody asked for.
        if (bytes[start] === 0xff) this.#sink.error(readError(bytes, start, end))
    }
  }

  #first(bytes: Buffer, start: number, end: number): void {
    const marker = bytes[start] ?? 0
    if (marker === 0xff) this.#fail(bytes, start, end)
    else if (marker === 0x00) this.#finish(okEnding(bytes, start))
    else if (marker === 0xfb) throw new Error('the server asked for a file, and gets none')
    else {
      const [count] = readLength(bytes, start)
      this.#types = new Uint8Array(count)
      this.#column = 0
      this.#state = 'columns'
    }
  }

  /**
   * A column definition ends with 12 fixed bytes: character set 2, length 4, type 1, flags
   * 2, decimals 1, filler 2; so whatever stands before them (MariaDB's extended metadata)
   * need not be read.
   */
  #columnDefinition(bytes: Buffer, end: number): void {
    this.#types[this.#column] = bytes[end - 6] ?? 0
    this.#column += 1
    if (this.#column < this.#types.length) return
    this.#sink.columns(this.#types)
    this.#state = this.#deprecateEof ? 'rows' : 'columns-end'
  }

  #rowOrEnd(bytes: Buffer, start: number, end: number): void {
    const marker = bytes[start]
    if (marker === 0xff) {
      this.#fail(bytes, start, end)
      return
    }
    // 0xfe also begins a row whose first field has 16 MiB or more: that row is longer.
    if (marker === 0xfe && this.#isEnd(end - start)) {
      this.#finish(this.#deprecateEof ? okEnding(bytes, start) : eofEnding(bytes, start))
      return
    }
    this.#sink.row(bytes, start, end)
  }

  #isEnd(length: number): boolean {
    return this.#deprecateEof ? length < MAX_PAYLOAD : length < 9
  }

  #finish({ status, warnings }: Ending): void {
    if (status & SERVER_MORE_RESULTS_EXISTS) {
      this.#state = 'first'
      return
    }
    this.#state = 'idle'
    this.#sink.end(warnings)
  }

  #fail(bytes: Buffer, start: number, end: number): void {
    this.#state = 'idle'
    this.#sink.error(readError(bytes, start, end))
  }
}

/** ERR packet: 0xff, error number 2, '#' and SQLSTATE 5, message. */
function readError(bytes: Buffer, start: number, end: number): ServerRefusal {
  const errno = bytes.readUInt16LE(start + 1)
  const marked = bytes[start + 3] === 0x23
  return {
    errno,
    sqlState: marked ? bytes.toString('latin1', start + 4, start + 9) : 'HY000',
    message: bytes.toString('utf8', start + (marked ? 9 : 3), end),
  }
}

interface Ending {
  status: number
  warnings: number
}

/** OK packet: marker, affected rows, last insert id, status flags 2, warnings 2. */
function okEnding(bytes: Buffer, start: number): Ending {
  const [, afterRows] = readLength(bytes, start + 1)
  const [, afterId] = readLength(bytes, afterRows)
  return { status: bytes.readUInt16LE(afterId), warnings: bytes.readUInt16LE(afterId + 2) }
}

/** EOF packet: marker, warnings 2, status flags 2. */
function eofEnding(bytes: Buffer, start: number): Ending {
  return { status: bytes.readUInt16LE(start + 3), warnings: bytes.readUInt16LE(start + 1) }
}

/** A length-encoded integer: [value, where it ends]. */
export function readLength(bytes: Buffer, at: number): [number, number] {
  const first = bytes[at] ?? 0
  if (first < 0xfb) return [first, at + 1]
  if (first === 0xfc) return [bytes.readUInt16LE(at + 1), at + 3]
  if (first === 0xfd) return [bytes.readUIntLE(at + 1, 3), at + 4]
  return [Number(bytes.readBigUInt64LE(at + 1)), at + 9]
}
