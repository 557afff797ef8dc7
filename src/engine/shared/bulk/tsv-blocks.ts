import { RowSummer } from '#domain/backup/row-sum'
import { type FieldWriter, LargeRow } from './large-row.ts'
import { RowMachine } from './row-machine.ts'
import { readLength } from './wire-result.ts'

/**
 * Turns rows of the text protocol into TSV (LOAD DATA's default format) in blocks of whole
 * rows; a row larger than a block takes several. Numbers
 * and dates are copied; other columns are escaped byte by byte: NUL, tab, newline and
 * backslash become \0 \t \n \\, and NULL is \N. Bytes stay in the column's own character
 * set, and the file is read back as character set binary, so a 0x5c inside a multi-byte
 * character is a backslash for both sides.
 */
export class TsvBlocks {
  readonly #take: () => Buffer
  readonly #emit: (block: TsvBlock) => void
  readonly #summer: RowSummer | null
  #escaped = new Uint8Array(0)
  #out: Buffer | null = null
  #used = 0
  #rows = 0
  #large: LargeRow | null = null
  /** Null where rows are to be written in JavaScript. */
  #machine: RowMachine | null = null

  /**
   * @param take gives a block's memory, BLOCK_BYTES long
   * @param additive for a table without a key: also sum the rows
   */
  constructor(take: () => Buffer, emit: (block: TsvBlock) => void, additive: boolean) {
    this.#take = take
    this.#emit = emit
    this.#summer = additive ? new RowSummer() : null
  }

  /** @param machine its block is what `take` gives */
  columns(types: Uint8Array, machine: RowMachine | null = null): void {
    this.#escaped = types.map(type => (PLAIN_TYPES.has(type) ? 0 : 1))
    // A row that is to be summed is needed by itself.
    this.#machine = machine?.columns(this.#escaped) && !this.#summer ? machine : null
  }

  /** As many whole rows in packets as the machine takes; returns where it stopped. */
  rows(chunk: Buffer, start: number): number {
    const machine = this.#machine
    if (!machine) return start
    let at = start
    for (;;) {
      this.#out ??= this.#take()
      const taken = machine.run(chunk, at, this.#used)
      at = taken.at
      this.#used = taken.used
      this.#rows += taken.rows
      if (!taken.full || this.#used === 0) return at
      this.flush()
    }
  }

  row(bytes: Buffer, start: number, end: number): void {
    // At worst each byte is escaped, and each NULL (one byte) is written as two and a tab.
    const room = 2 * (end - start) + 2 * this.#escaped.length + 1
    if (room > BLOCK_BYTES) {
      this.part(bytes, start, end, true)
      return
    }
    const out = this.#withRoom(room)
    const before = this.#used
    this.#used = writeRow(bytes, start, out, before, this.#escaped)
    this.#rows += 1
    this.#summer?.add(out.subarray(before, this.#used))
  }

  /** A part of a row that is larger than a block: it goes into several, whole or not. */
  part(bytes: Buffer, start: number, end: number, last: boolean): void {
    this.#large ??= new LargeRow(this.#fields())
    this.#large.part(bytes, start, end)
    if (!last) return
    this.#write(NEWLINE)
    this.#large = null
    this.#rows += 1
    this.#summer?.endParts()
  }

  /** Emits what is there. */
  flush(): void {
    if (this.#out === null || this.#used === 0) return
    const block = { bytes: this.#out, length: this.#used, rows: this.#rows }
    this.#out = null
    this.#used = 0
    this.#rows = 0
    const rowSum = this.#summer?.take() ?? null
    this.#emit({ ...block, rowSum, endsRow: this.#large === null })
  }

  #withRoom(room: number): Buffer {
    if (this.#out !== null && this.#used + room <= this.#out.length) return this.#out
    this.flush()
    this.#out = this.#take()
    return this.#out
  }

  #fields(): FieldWriter {
    return {
      begin: column => {
        if (column > 0) this.#write(TAB)
      },
      nothing: () => this.#write(BACKSLASH, CAPITAL_N),
      bytes: (from, start, end, column) => {
        const escaped = this.#escaped[column] === 1
        for (let at = start; at < end; at += SLICE_BYTES) {
          this.#slice(from, at, Math.min(end, at + SLICE_BYTES), escaped)
        }
      },
    }
  }

  #slice(from: Buffer, start: number, end: number, escaped: boolean): void {
    const out = this.#withRoom(2 * (end - start))
    const before = this.#used
    if (escaped) this.#used = writeEscaped(from, start, end, out, before)
    else this.#used += from.copy(out, before, start, end)
    this.#summer?.addPart(out.subarray(before, this.#used))
  }

  #write(...bytes: readonly number[]): void {
    const out = this.#withRoom(bytes.length)
    const before = this.#used
    for (const byte of bytes) out[this.#used++] = byte
    this.#summer?.addPart(out.subarray(before, this.#used))
  }
}

export interface TsvBlock {
  bytes: Buffer
  /** How many of them are used. */
  length: number
  rows: number
  rowSum: bigint | null
  /** False while a row that is larger than a block goes on in the next one. */
  endsRow: boolean
}

export const BLOCK_BYTES = 1024 * 1024
/** Steps in which a large row is written. */
const SLICE_BYTES = 64 * 1024

/**
 * Column types whose text never holds a byte that needs escaping (enum_field_types):
 * decimals, integers, floats, dates and times. Everything else is escaped.
 */
const PLAIN_TYPES = new Set([0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 17, 18, 19, 246])

const TAB = 0x09
const NEWLINE = 0x0a
const BACKSLASH = 0x5c
const CAPITAL_N = 0x4e
const NULL_FIELD = 0xfb

/** A machine that writes such rows, into blocks of this size; null where there can be none. */
export function startRowMachine(): RowMachine | null {
  return RowMachine.start(BLOCK_BYTES, ESCAPE)
}

/** Which letter follows the backslash; 0 where the byte stands for itself. */
const ESCAPE = new Uint8Array(256)
ESCAPE[0x00] = 0x30
ESCAPE[TAB] = 0x74
ESCAPE[NEWLINE] = 0x6e
ESCAPE[BACKSLASH] = BACKSLASH

/** Up to this length a loop is faster than a call into native code. */
const LOOP_BYTES = 40

/** Writes one line at `used` and returns where it ends. The hottest loop of a backup. */
function writeRow(
  bytes: Buffer,
  start: number,
  out: Buffer,
  used: number,
  escaped: Uint8Array,
): number {
  const count = escaped.length
  let from = start
  let to = used
  for (let column = 0; column < count; column++) {
    if (column > 0) out[to++] = TAB
    let length = bytes[from++] as number
    if (length >= NULL_FIELD) {
      if (length === NULL_FIELD) {
        out[to++] = BACKSLASH
        out[to++] = CAPITAL_N
        continue
      }
      ;[length, from] = readLength(bytes, from - 1)
    }
    const end = from + length
    if (escaped[column] === 1) {
      to = writeEscaped(bytes, from, end, out, to)
      from = end
    } else if (length <= LOOP_BYTES) {
      while (from < end) out[to++] = bytes[from++] as number
    } else {
      bytes.copy(out, to, from, end)
      to += length
      from = end
    }
  }
  out[to++] = NEWLINE
  return to
}

/** Writes bytes with their escapes at `used` and returns where they end. */
function writeEscaped(
  bytes: Buffer,
  start: number,
  end: number,
  out: Buffer,
  used: number,
): number {
  let to = used
  for (let from = start; from < end; from++) {
    const byte = bytes[from] as number
    const letter = ESCAPE[byte] as number
    if (letter !== 0) {
      out[to++] = BACKSLASH
      out[to++] = letter
    } else out[to++] = byte
  }
  return to
}
