import { bodyOf, EVENT, type FileFormat, HEADER_BYTES, readHeader, readQuery } from './event.ts'
import { isStatement } from './query-status.ts'

/** Behind the session's number, the seconds that it took, and the length of the database's name. */
const ERROR_AT = HEADER_BYTES + 4 + 4 + 1

const errorOf = (events: Buffer, at: number): number =>
  isStatement(readHeader(events, at).type) ? events.readUInt16LE(at + ERROR_AT) : 0

/**
 * The errors, by number and in order, with which statements ended on the source that are in its log
 * nonetheless: they had changed something that cannot be rolled back.
 *
 * @param events whole events
 */
export function loggedErrors(events: Buffer): number[] {
  const errors: number[] = []
  for (let at = 0; at < events.length; ) {
    const error = errorOf(events, at)
    if (error !== 0) errors.push(error)
    at += readHeader(events, at).size
  }
  return errors
}

const COMMENTS = String.raw`^(?:\s|/\*(?!!).*?\*/)*`
const CHANGES_ROWS = new RegExp(
  String.raw`${COMMENTS}(?:UPDATE|DELETE|INSERT|REPLACE|WITH|SELECT|CALL|DO|SET)\b`,
  'is',
)
const GIVES_ROWS = new RegExp(
  String.raw`${COMMENTS}(?:INSERT|REPLACE)\b(?!.*\b(?:SELECT|TABLE|WITH)\b)`,
  'is',
)

/**
 * How many of them had changed rows that they had found: which ones those were, before the error, depends on how the
 * rows lie in their table. Rows that a statement, or the file of a LOAD DATA, has itself come in its order.
 *
 * @param format of their file
 */
export function halfDone(events: Buffer, format: FileFormat): number {
  let count = 0
  for (let at = 0; at < events.length; ) {
    const { size, type } = readHeader(events, at)
    const isFound = type === EVENT.query || type === EVENT.compressedQuery
    if (isFound && errorOf(events, at) !== 0) {
      const body = bodyOf(events.subarray(at, at + size), format)
      // MariaDB's compressed ones are not looked into.
      const text = type === EVENT.query ? readQuery(body) : 'UPDATE'
      if (CHANGES_ROWS.test(text) && !GIVES_ROWS.test(text)) count += 1
    }
    at += size
  }
  return count
}
