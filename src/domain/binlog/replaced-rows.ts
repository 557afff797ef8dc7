import { bodyOf, EVENT, type FileFormat, readHeader, readQuery } from './event.ts'
import { namesIn } from './names-in.ts'

/** UPDATE_ROWS_EVENT_V1, and its compressed form. */
const UPDATES: ReadonlySet<number> = new Set([24, 167])

const COMMENTS = String.raw`^(?:\s|/\*(?!!).*?\*/)*`
const REPLACES = new RegExp(
  String.raw`${COMMENTS}(?:(?:SET\s+STATEMENT\b.*?\bFOR\s+)?REPLACE\b|LOAD\b.*\bREPLACE\s+INTO\b)`,
  'is',
)

/**
 * MariaDB: rows that a REPLACE has changed, of which the log has not every column. With a binlog_row_image of MINIMAL
 * or NOBLOB it logs the columns that were given, and not those that the REPLACE set back to their defaults (measured
 * with 10.11), so that these keep their old values where the log is applied. Whether an event is of a REPLACE is told by the statement that stands
 * before it (binlog_annotate_row_events). *
 * Source: MariaDB's sql/log_event.h: Annotate_rows_log_event, Rows_log_event.
 */
export class ReplacedRows {
  /** Events with such rows, or with some of which nothing tells. */
  found = 0
  /** Events with rows that may be such, of tables that their statements do not name. */
  #ofPrograms = 0
  #isMade = false
  #statement: string | null = null
  readonly #tables = new Map<number, string>()

  /** Is there a program that may have replaced rows? Where the log makes none, one of before it would have. */
  get asksForPrograms(): boolean {
    return this.found === 0 && this.#ofPrograms > 0
  }

  /** @param programs texts of the triggers and programs of before the log */
  mayBeOf(programs: readonly string[]): boolean {
    return this.#isMade || programs.some(text => REPLACES_INSIDE.test(text))
  }

  /** Whole events, in the order of the log. */
  look(events: Buffer, format: FileFormat): void {
    for (let at = 0; at < events.length; ) {
      const { size, type } = readHeader(events, at)
      const body = (): Buffer => bodyOf(events.subarray(at, at + size), format)
      if (type === EVENT.mariadbGtid) this.#statement = null
      else if (type === EVENT.annotateRows) this.#statement = body().toString('latin1')
      else if (type === EVENT.tableMap) this.#map(body())
      else if (type === EVENT.query) this.#isMade ||= makesReplacing(readQuery(body()))
      // One that is compressed is not looked into: it may make one.
      else if (type === EVENT.compressedQuery) this.#isMade = true
      else if (UPDATES.has(type)) this.#lookAt(body())
      at += size
    }
  }

  #map(body: Buffer): void {
    const name = 8 + 1 + body.readUInt8(8) + 1
    const bytes = body.readUInt8(name)
    const text = body.subarray(name + 1, name + 1 + bytes).toString('latin1')
    this.#tables.set(body.readUIntLE(0, 6), text.toLowerCase())
  }

  #lookAt(body: Buffer): void {
    const isOne = this.#statement === null || REPLACES.test(this.#statement)
    const table = this.#tables.get(body.readUIntLE(0, 6))
    const isNamed = table === undefined || namesIn(this.#statement ?? '').includes(table)
    if ((!isOne && isNamed) || hasAllColumns(body)) return
    if (isOne) this.found += 1
    else this.#ofPrograms += 1
  }
}

/** The statement, and neither the function of that name nor CREATE OR REPLACE. */
const REPLACES_INSIDE = /(?<!\bOR\s+)\bREPLACE\s+[^\s(]/i
const MAKES_PROGRAM = new RegExp(
  String.raw`${COMMENTS}(?:CREATE|ALTER)\b.*?\b(?:TRIGGER|FUNCTION|PROCEDURE|PACKAGE|EVENT)\b`,
  'is',
)

const makesReplacing = (text: string): boolean =>
  MAKES_PROGRAM.test(text) && REPLACES_INSIDE.test(text)

/** Behind the table's number and flags: how many columns, a bit for each before the change, and one for each after. */
function hasAllColumns(body: Buffer): boolean {
  const isLong = body.readUInt8(8) === 0xfc
  const columns = isLong ? body.readUInt16LE(9) : body.readUInt8(8)
  const bytes = Math.ceil(columns / 8)
  const after = (isLong ? 11 : 9) + bytes
  for (let column = 0; column < columns; column++) {
    if ((body.readUInt8(after + (column >> 3)) & (1 << (column & 7))) === 0) return false
  }
  return true
}
