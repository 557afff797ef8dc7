import { bodyOf, EVENT, type FileFormat, readHeader } from './event.ts'

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
 * before it (binlog_annotate_row_events); of rows that a trigger has replaced it is not.
 *
 * Source: MariaDB's sql/log_event.h: Annotate_rows_log_event, Rows_log_event.
 */
export class ReplacedRows {
  /** Events with such rows, or with some of which nothing tells. */
  found = 0
  #statement: string | null = null

  /** Whole events, in the order of the log. */
  look(events: Buffer, format: FileFormat): void {
    for (let at = 0; at < events.length; ) {
      const { size, type } = readHeader(events, at)
      const body = (): Buffer => bodyOf(events.subarray(at, at + size), format)
      if (type === EVENT.mariadbGtid) this.#statement = null
      else if (type === EVENT.annotateRows) this.#statement = body().toString('latin1')
      else if (UPDATES.has(type)) this.#lookAt(body())
      at += size
    }
  }

  #lookAt(body: Buffer): void {
    const isOne = this.#statement === null || REPLACES.test(this.#statement)
    if (isOne && !hasAllColumns(body)) this.found += 1
  }
}

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
