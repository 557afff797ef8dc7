import { freeIfAlone, freeMemory } from '#core/free-memory'
import { insertHead, type LoadableTable, valueFrame } from './row-statements.ts'

const TAB = 0x09
const NEWLINE = 0x0a
const BACKSLASH = 0x5c
const QUOTE = 0x27
const CAPITAL_N = 0x4e

/**
 * Turns TSV into multi-row INSERT statements, for servers with local_infile off. A field's
 * escapes mean the same in a string literal, so its bytes are copied; only quotes are
 * added. The `_binary` introducer makes a column take the bytes as they are, as LOAD DATA
 * with CHARACTER SET binary does.
 *
 * Blocks are given back when they are read, and a statement of one large row when the next is asked for.
 *
 * @param limitBytes a statement is not made longer than this, unless one row is
 */
export async function* insertStatements(
  table: LoadableTable,
  blocks: AsyncIterable<Uint8Array>,
  limitBytes: number,
): AsyncIterable<{ sql: Buffer; rows: number }> {
  const writer = new RowWriter(table)
  const head = Buffer.from(insertHead(table))
  let parts: Buffer[] = [head]
  let rows = 0
  let bytes = head.length
  for await (const line of lines(blocks)) {
    // One that is as large is copied no more often than it must be.
    const row = line.length > limitBytes ? null : writer.row(line, NOTHING)
    if (rows > 0 && (row === null || bytes + row.length > limitBytes)) {
      yield { sql: Buffer.concat(parts), rows }
      parts = [head]
      rows = 0
      bytes = head.length
    }
    if (row === null) {
      const sql = writer.row(line, head)
      freeIfAlone(line)
      yield { sql, rows: 1 }
      freeIfAlone(sql)
      continue
    }
    if (rows > 0) parts.push(COMMA)
    parts.push(row)
    rows += 1
    bytes += row.length + 1
  }
  if (rows > 0) yield { sql: Buffer.concat(parts), rows }
}

const NOTHING = Buffer.alloc(0)
const COMMA = Buffer.from(',')

/**
 * Lines without their newline; an escaped newline belongs to its field. What a line has of the blocks
 * before is looked at once: one of 64 MiB took half a minute when it was looked at with each block.
 */
async function* lines(blocks: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  let held: Buffer[] = []
  /** Backslashes at the end of what is held. */
  let slashes = 0
  for await (const block of blocks) {
    const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, end + 1)) {
      const run = slashesBefore(bytes, start, end)
      const isWhole = run < end - start
      if ((isWhole ? run : run + slashes) % 2 === 1) continue
      const last = bytes.subarray(start, end)
      const line = held.length > 0 ? Buffer.concat([...held, last]) : last
      held.forEach(freeMemory)
      held = []
      slashes = 0
      start = end + 1
      yield line
    }
    const run = slashesBefore(bytes, start, bytes.length)
    slashes = run < bytes.length - start ? run : run + slashes
    if (start < bytes.length) held.push(ownCopy(bytes.subarray(start)))
    freeMemory(block)
  }
  if (held.length > 0) throw new RangeError('the rows end in the middle of a line')
}

/** Not of the pool that all small buffers share, so that it can be given back. */
function ownCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(copy)
  return copy
}

/** An odd number of backslashes before `at`. */
const isEscaped = (bytes: Buffer, from: number, at: number): boolean =>
  slashesBefore(bytes, from, at) % 2 === 1

function slashesBefore(bytes: Buffer, from: number, at: number): number {
  let slashes = 0
  while (at - 1 - slashes >= from && bytes[at - 1 - slashes] === BACKSLASH) slashes += 1
  return slashes
}

class RowWriter {
  readonly #frames: readonly (readonly Buffer[])[]

  constructor(table: LoadableTable) {
    this.#frames = table.columns.map(column => valueFrame(column).map(text => Buffer.from(text)))
  }

  /** `before` and "(value,value)" of one line. */
  row(line: Buffer, before: Buffer): Buffer {
    const parts: Part[] = [plain(before)]
    let start = 0
    for (const [place, frame] of this.#frames.entries()) {
      if (start > line.length) throw new RangeError('a line has fewer fields than the table')
      const end = fieldEnd(line, start)
      const value = literal(line.subarray(start, end))
      parts.push(place === 0 ? OPEN_ROW : COMMA_PART, ...framed(frame, value))
      start = end + 1
    }
    if (start <= line.length) throw new RangeError('a line has more fields than the table')
    parts.push(CLOSE_ROW)
    return joined(parts)
  }
}

/** Bytes of a statement, in which so many quotes are to be doubled. */
interface Part {
  bytes: Buffer
  quotes: number
}

const plain = (bytes: Buffer): Part => ({ bytes, quotes: 0 })

const OPEN_ROW = plain(Buffer.from('('))
const COMMA_PART = plain(COMMA)
const CLOSE_ROW = plain(Buffer.from(')'))
const NULL = plain(Buffer.from('NULL'))
const OPEN_LITERAL = plain(Buffer.from("_binary'"))
const CLOSE_LITERAL = plain(Buffer.from("'"))

function framed(frame: readonly Buffer[], value: readonly Part[]): Part[] {
  return frame.flatMap((text, place) => (place === 0 ? [plain(text)] : [...value, plain(text)]))
}

function fieldEnd(line: Buffer, start: number): number {
  let end = line.indexOf(TAB, start)
  while (end >= 0 && isEscaped(line, start, end)) end = line.indexOf(TAB, end + 1)
  return end < 0 ? line.length : end
}

function literal(field: Buffer): Part[] {
  if (field.length === 2 && field[0] === BACKSLASH && field[1] === CAPITAL_N) return [NULL]
  let quotes = 0
  for (let at = nextQuote(field, 0); at >= 0; at = nextQuote(field, at + 1)) quotes += 1
  return [OPEN_LITERAL, { bytes: field, quotes }, CLOSE_LITERAL]
}

/** A quote that has a backslash before it stands for itself already. */
function nextQuote(field: Buffer, from: number): number {
  let at = field.indexOf(QUOTE, from)
  while (at >= 0 && isEscaped(field, 0, at)) at = field.indexOf(QUOTE, at + 1)
  return at
}

function joined(parts: readonly Part[]): Buffer {
  const length = parts.reduce((sum, { bytes, quotes }) => sum + bytes.length + quotes, 0)
  const all = Buffer.allocUnsafe(length)
  let to = 0
  for (const { bytes, quotes } of parts) {
    let from = 0
    for (let doubled = 0; doubled < quotes; doubled += 1) {
      const end = nextQuote(bytes, from) + 1
      to += bytes.copy(all, to, from, end)
      all[to] = QUOTE
      to += 1
      from = end
    }
    to += bytes.copy(all, to, from)
  }
  return all
}
