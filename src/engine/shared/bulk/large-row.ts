import { readLength } from './wire-result.ts'

/** Where a large row's fields go, piece by piece. */
export interface FieldWriter {
  /** The next field begins; `column` is its place in the row. */
  begin(column: number): void
  /** It is NULL. */
  nothing(): void
  /** Bytes of it. */
  bytes(from: Buffer, start: number, end: number, column: number): void
}

/**
 * Reads one row of the text protocol that comes in parts, cut anywhere: also in the middle
 * of a field's length. So a field of a gigabyte takes no more memory than one part.
 */
export class LargeRow {
  readonly #writer: FieldWriter
  #column = 0
  /** Bytes of the field that have not come yet; null between fields. */
  #left: number | null = null
  /** A length that is cut. */
  readonly #prefix = Buffer.alloc(9)
  #prefixed = 0

  constructor(writer: FieldWriter) {
    this.#writer = writer
  }

  part(bytes: Buffer, start: number, end: number): void {
    let at = start
    while (at < end) {
      if (this.#left === null) at = this.#lengthByte(bytes, at)
      else {
        const stop = Math.min(end, at + this.#left)
        this.#writer.bytes(bytes, at, stop, this.#column)
        this.#left -= stop - at
        at = stop
      }
      if (this.#left === 0) this.#endField()
    }
  }

  /** Takes one byte of a length, and begins the field when it is complete. */
  #lengthByte(bytes: Buffer, at: number): number {
    this.#prefix[this.#prefixed] = bytes[at] as number
    this.#prefixed += 1
    if (this.#prefixed < prefixLength(this.#prefix[0] as number)) return at + 1
    this.#prefixed = 0
    this.#writer.begin(this.#column)
    if (this.#prefix[0] === NULL_FIELD) {
      this.#writer.nothing()
      this.#endField()
    } else this.#left = readLength(this.#prefix, 0)[0]
    return at + 1
  }

  #endField(): void {
    this.#left = null
    this.#column += 1
  }
}

const NULL_FIELD = 0xfb

/** Bytes of a length-encoded integer that begins with this byte. */
function prefixLength(first: number): number {
  if (first <= NULL_FIELD) return 1
  if (first === 0xfc) return 3
  return first === 0xfd ? 4 : 9
}
