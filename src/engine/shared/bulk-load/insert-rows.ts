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
 * @param limitBytes a statement is not made longer than this, unless one row is
 */
export async function* insertStatements(
  table: LoadableTable,
  blocks: AsyncIterable<Uint8Array>,
  limitBytes: number,
): AsyncIterable<{ sql: Buffer; rows: number }> {
  const writer = new RowWriter(table)
  let head = Buffer.from(insertHead(table))
  let parts: Buffer[] = []
  let bytes = 0
  for await (const line of lines(blocks)) {
    const row = writer.row(line)
    if (parts.length > 0 && head.length + bytes + row.length > limitBytes) {
      yield { sql: Buffer.concat([head, ...parts]), rows: parts.length }
      head = Buffer.from(insertHead(table))
      parts = []
      bytes = 0
    }
    parts.push(parts.length > 0 ? Buffer.concat([COMMA, row]) : row)
    bytes += row.length + 1
  }
  if (parts.length > 0) yield { sql: Buffer.concat([head, ...parts]), rows: parts.length }
}

const COMMA = Buffer.from(',')
const NULL = Buffer.from('NULL')
const OPEN_LITERAL = Buffer.from("_binary'")

/** Lines without their newline; an escaped newline belongs to its field. */
async function* lines(blocks: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const block of blocks) {
    const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
    const joined = rest.length ? Buffer.concat([rest, bytes]) : bytes
    let start = 0
    for (let end = joined.indexOf(NEWLINE); end >= 0; end = joined.indexOf(NEWLINE, end + 1)) {
      if (isEscaped(joined, start, end)) continue
      yield joined.subarray(start, end)
      start = end + 1
    }
    rest = Buffer.from(joined.subarray(start))
  }
  if (rest.length > 0) throw new RangeError('the rows end in the middle of a line')
}

/** An odd number of backslashes before `at`. */
function isEscaped(bytes: Buffer, from: number, at: number): boolean {
  let slashes = 0
  while (at - 1 - slashes >= from && bytes[at - 1 - slashes] === BACKSLASH) slashes += 1
  return slashes % 2 === 1
}

class RowWriter {
  readonly #frames: readonly (readonly Buffer[])[]

  constructor(table: LoadableTable) {
    this.#frames = table.columns.map(column => valueFrame(column).map(text => Buffer.from(text)))
  }

  /** "(value,value)" of one line. */
  row(line: Buffer): Buffer {
    const parts: Buffer[] = []
    let start = 0
    for (const [place, frame] of this.#frames.entries()) {
      if (start > line.length) throw new RangeError('a line has fewer fields than the table')
      const end = fieldEnd(line, start)
      const value = literal(line.subarray(start, end))
      parts.push(place === 0 ? OPEN_ROW : COMMA, ...framed(frame, value))
      start = end + 1
    }
    if (start <= line.length) throw new RangeError('a line has more fields than the table')
    parts.push(CLOSE_ROW)
    return Buffer.concat(parts)
  }
}

const OPEN_ROW = Buffer.from('(')
const CLOSE_ROW = Buffer.from(')')

function framed(frame: readonly Buffer[], value: Buffer): Buffer[] {
  return frame.flatMap((text, place) => (place === 0 ? [text] : [value, text]))
}

function fieldEnd(line: Buffer, start: number): number {
  let end = line.indexOf(TAB, start)
  while (end >= 0 && isEscaped(line, start, end)) end = line.indexOf(TAB, end + 1)
  return end < 0 ? line.length : end
}

function literal(field: Buffer): Buffer {
  if (field.length === 2 && field[0] === BACKSLASH && field[1] === CAPITAL_N) return NULL
  const body = field.includes(QUOTE) ? doubledQuotes(field) : field
  return Buffer.concat([OPEN_LITERAL, body, CLOSE_LITERAL])
}

const CLOSE_LITERAL = Buffer.from("'")

/** Each quote twice; a quote that has a backslash before it stands for itself already. */
function doubledQuotes(field: Buffer): Buffer {
  const parts: Buffer[] = []
  let start = 0
  for (let at = field.indexOf(QUOTE); at >= 0; at = field.indexOf(QUOTE, at + 1)) {
    if (isEscaped(field, 0, at)) continue
    parts.push(field.subarray(start, at + 1), CLOSE_LITERAL)
    start = at + 1
  }
  parts.push(field.subarray(start))
  return Buffer.concat(parts)
}
