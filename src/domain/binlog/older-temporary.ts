import { bodyOf, EVENT, type FileFormat, FLAGS_AT, readHeader, readQuery } from './event.ts'
import { namesIn } from './names-in.ts'

/** LOG_EVENT_THREAD_SPECIFIC_F: the statement is about what its session alone has. */
const OF_ITS_SESSION = 0x04

/**
 * Do statements of a log use temporary tables that their sessions had made before it begins? These are in no
 * snapshot: where a table has the name of one, it is changed or read instead, without an error. Rows in row
 * format do not need them.
 */
export class OlderTemporaryTables {
  /** Statements that may have used one. */
  readonly #suspects = new Set<string>()
  readonly #made: Definition[] = []
  /** Sessions that made one within the log. */
  readonly #makers = new Set<number>()

  get found(): boolean {
    return this.#suspects.size > 0
  }

  /**
   * The same, where the statements' tables and programs are known: the number of a session has the same mark, also
   * as the default of a column, and in a trigger, which the statement does not tell.
   *
   * @param definitions of before the log, in which names and texts are as in the log: bytes, as latin1
   */
  isFoundBeside(definitions: readonly Definition[]): boolean {
    const names = readersOfSession([...definitions, ...this.#made])
    return [...this.#suspects].some(text => !namesIn(text).some(name => names.has(name)))
  }

  /** Whole events, in the order of the log. */
  look(events: Buffer, format: FileFormat): void {
    for (let at = 0; at < events.length; ) {
      const { size, type } = readHeader(events, at)
      const body = bodyOf(events.subarray(at, at + size), format)
      if (type === EVENT.query) this.#lookForName(body)
      const isOwn = (events.readUInt16LE(at + FLAGS_AT) & OF_ITS_SESSION) !== 0
      if (isOwn && (type === EVENT.query || type === EVENT.compressedQuery)) {
        this.#lookAt(body, type)
      }
      at += size
    }
  }

  #lookAt(body: Buffer, type: number): void {
    const session = body.readUInt32LE(0)
    // One that is compressed is not looked into: it may have made the table.
    const text = type === EVENT.query ? readQuery(body) : 'CREATE TEMPORARY'
    if (MAKES.test(text)) this.#makers.add(session)
    else if (!this.#makers.has(session) && !IS_NONE.test(text)) this.#suspects.add(text)
  }

  #lookForName(body: Buffer): void {
    const text = readQuery(body)
    const [, quoted, plain] = DEFINES.exec(text) ?? []
    const name = quoted?.replaceAll('``', '`') ?? plain
    if (name !== undefined) this.#made.push({ name, text })
  }
}

/** A table, by its default values and triggers, or a program. */
export interface Definition {
  name: string
  text: string
}

/** In lower case; also of what is defined by another one of them. */
function readersOfSession(definitions: readonly Definition[]): Set<string> {
  const names = new Set<string>()
  for (let before = -1; before < names.size; ) {
    before = names.size
    for (const { name, text } of definitions) {
      if (OF_SESSION.test(text) || namesIn(text).some(one => names.has(one)))
        names.add(name.toLowerCase())
    }
  }
  return names
}

const OF_SESSION = /\b(?:CONNECTION_ID|PSEUDO_THREAD_ID)\b/i
/** Whose column defaults or program may read it: what the statement says itself, and tables that are made like others. */
const DEFINES =
  /^(?:CREATE|ALTER|RENAME)\b(?=.*\b(?:CONNECTION_ID|PSEUDO_THREAD_ID|LIKE|RENAME)\b).*?\b(?:TABLE|VIEW|FUNCTION|PROCEDURE|TRIGGER\b.*?\bON)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?(?:(?:`(?:[^`]|``)+`|[\w$\x80-\xff]+)\.)?(?:`((?:[^`]|``)+)`|([\w$\x80-\xff]+))/is

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
