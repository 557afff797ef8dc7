import { EachStatement } from './each-statement.ts'
import { DELIMITER } from './watch-statements.ts'

/** As both tools print it. Within a string in single quotes it would be otherwise. */
const SET = /^SET @@session\.time_zone='([^']*)'\s*$/

/** Settings of the session, and the bounds of transactions: in whichever zone. */
const OF_NO_ZONE =
  /^(?:SET (?:@|TIMESTAMP=|(?:LAST_)?INSERT_ID=)|BEGIN\b|START TRANSACTION\b|COMMIT\b|ROLLBACK\b|SAVEPOINT\b|XA |USE |\/\*M?!(?:\d* ?SET |\\C ))/i

const ROWS = /^BINLOG\b/

interface Zones {
  /** In which the keys were made of the rows that are there: an expression, which is set when the replay begins. */
  keys: string
  /** Instead of the log's SYSTEM. */
  system: string
  /** Rows are changed in that of the keys, whatever zone the log says before them. */
  isForRows: boolean
}

/**
 * The log says SYSTEM of a session that has no time zone of its own, and another system has another one. MySQL's log
 * says it before rows, too; MariaDB's says none before them, and that of a statement which came before is there still. A row
 * that is changed in another zone than its keys were made in leaves an entry of what is gone in a key over a TIMESTAMP's date.
 */
export class InItsZone extends EachStatement {
  readonly #zones: Zones
  #current: string
  /** Of statements, as the log has said it. */
  #logged: string

  constructor(zones: Zones) {
    super(0)
    this.#zones = zones
    this.#current = zones.keys
    this.#logged = zones.keys
  }

  protected override instead(before: string, text: string): string {
    const [, zone] = SET.exec(text) ?? []
    if (zone === undefined) return this.ahead(text) + before + text
    this.#logged = `'${zone === 'SYSTEM' ? this.#zones.system : zone}'`
    this.#current = this.#logged
    return before + setZone(this.#logged)
  }

  protected override ahead(text: string): string {
    const { keys, isForRows } = this.#zones
    if (!isForRows || OF_NO_ZONE.test(text)) return ''
    const wanted = ROWS.test(text) ? keys : this.#logged
    if (wanted === this.#current) return ''
    this.#current = wanted
    return setZone(wanted) + DELIMITER
  }
}

const setZone = (zone: string): string => `SET @@session.time_zone=${zone}\n`
