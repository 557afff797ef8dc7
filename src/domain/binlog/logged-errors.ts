import { EVENT, HEADER_BYTES, readHeader } from './event.ts'

/** Behind the session's number, the seconds that it took, and the length of the database's name. */
const ERROR_AT = HEADER_BYTES + 4 + 4 + 1

const STATEMENTS: ReadonlySet<number> = new Set([
  EVENT.query,
  EVENT.compressedQuery,
  EVENT.executeLoadQuery,
])

/**
 * The errors, by number and in order, with which statements ended on the source that are in its log
 * nonetheless: they had changed something that cannot be rolled back.
 *
 * @param events whole events
 */
export function loggedErrors(events: Buffer): number[] {
  const errors: number[] = []
  for (let at = 0; at < events.length; ) {
    const { size, type } = readHeader(events, at)
    const error = STATEMENTS.has(type) ? events.readUInt16LE(at + ERROR_AT) : 0
    if (error !== 0) errors.push(error)
    at += size
  }
  return errors
}
