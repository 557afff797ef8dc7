import { EVENT } from './event.ts'

/** Behind the session's number, the seconds that it took, lengths and the error; see readQuery. */
const STATUS_AT = 13
/** LOAD DATA has the number of its file there, where its name stands in the statement, and what about duplicates. */
const LOAD_DATA_BYTES = 13

/** Status variables whose length is the same in every event, by number: their bytes. */
const FIXED: Readonly<Record<number, number>> = {
  ...{ 0: 4, 1: 8, 3: 4, 4: 6, 7: 2, 8: 2, 9: 8, 10: 4, 13: 3 },
}
/** Those that begin with their length: the time zone, and the catalog. */
const COUNTED: readonly number[] = [5, 6]
export const INVOKER = 11
/** MySQL: the names of databases that were changed, each with its NUL; above this, how many are too many to be there. */
const DATABASES = 12
const MOST_DATABASES = 16
/** MySQL. */
export const DEFAULTS_FOR_TIMESTAMP = 16

/** Does an event hold a statement? MariaDB's log_bin_compress leaves what is before its text as it is. */
export const isStatement = (type: number): boolean =>
  type === EVENT.query || type === EVENT.compressedQuery || type === EVENT.executeLoadQuery

/**
 * The status variables of a statement: how its session was set, as far as it matters.
 *
 * Sources: MySQL's libs/mysql/binlog/event/statement_events.h, MariaDB's sql/log_event.h: Query_log_event,
 * Execute_load_query_log_event.
 *
 * @param body of an event that isStatement
 */
export function statusOf(body: Buffer, type: number): Buffer {
  const at = STATUS_AT + (type === EVENT.executeLoadQuery ? LOAD_DATA_BYTES : 0)
  return body.subarray(at, at + body.readUInt16LE(11))
}

/** Where the value of one begins, or null. They stand in the order of their numbers. */
export function findStatus(status: Buffer, wanted: number): number | null {
  for (let at = 0; at < status.length; ) {
    const number = status.readUInt8(at)
    at += 1
    if (number === wanted) return at
    const bytes = bytesOf(status, at, number)
    if (bytes === null) return null
    at += bytes
  }
  return null
}

function bytesOf(status: Buffer, at: number, number: number): number | null {
  const counted = (from: number): number => 1 + status.readUInt8(from)
  if (COUNTED.includes(number)) return counted(at)
  if (number === INVOKER) return counted(at) + counted(at + counted(at))
  if (number !== DATABASES) return FIXED[number] ?? null
  const names = status.readUInt8(at)
  let end = at + 1
  for (let left = names > MOST_DATABASES ? 0 : names; left > 0; left--) {
    end = status.indexOf(0, end) + 1
    if (end === 0) return null
  }
  return end - at
}
