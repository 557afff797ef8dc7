import { EVENT, FLAGS_AT, HEADER_BYTES, readHeader, readQuery } from './event.ts'

/** LOG_EVENT_THREAD_SPECIFIC_F: the statement is about what its session alone has. */
const OF_ITS_SESSION = 0x04

/**
 * Do statements of a log use temporary tables that their sessions had made before it begins? These are in no
 * snapshot: where a table has the name of one, it is changed or read instead, without an error. Rows in row
 * format do not need them.
 */
export class OlderTemporaryTables {
  found = false
  /** Sessions that made one within the log. */
  readonly #makers = new Set<number>()

  /** Whole events, in the order of the log. */
  look(events: Buffer): void {
    for (let at = 0; at < events.length; ) {
      const { size, type } = readHeader(events, at)
      const isOwn = (events.readUInt16LE(at + FLAGS_AT) & OF_ITS_SESSION) !== 0
      if (isOwn && (type === EVENT.query || type === EVENT.compressedQuery)) {
        this.#lookAt(events.subarray(at + HEADER_BYTES, at + size), type)
      }
      at += size
    }
  }

  #lookAt(body: Buffer, type: number): void {
    const session = body.readUInt32LE(0)
    // One that is compressed is not looked into: it may have made the table.
    const text = type === EVENT.query ? readQuery(body) : 'CREATE TEMPORARY'
    if (MAKES.test(text)) this.#makers.add(session)
    else if (!this.#makers.has(session) && !IS_NONE.test(text)) this.found = true
  }
}

const COMMENTS = String.raw`^(?:\s|/\*(?!!).*?\*/)*`
const MAKES = new RegExp(String.raw`${COMMENTS}CREATE\s+(?:OR\s+REPLACE\s+)?TEMPORARY\b`, 'is')
/**
 * What is dropped is not missed, nor what a sequence takes the place of, or a table that is made of no other; the ends
 * of a transaction read no table, and have the flag of what is between them, which may be rows (a checksum may stand
 * right behind them). And the number of a session is its own, too.
 */
const IS_NONE = new RegExp(
  String.raw`${COMMENTS}(?:BEGIN|COMMIT|ROLLBACK|(?:DROP|SAVEPOINT|XA|CREATE\s+OR\s+REPLACE\s+SEQUENCE)\b|CREATE\s+OR\s+REPLACE\s+TABLE\b(?!.*\b(?:SELECT|LIKE|VALUES\s*\()))|\bCONNECTION_ID\b|\bPSEUDO_THREAD_ID\b`,
  'is',
)
