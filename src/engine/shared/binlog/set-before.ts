import { BEGINS } from '#domain/binlog/timestamp-defaults'
import { EachStatement } from './each-statement.ts'
import { DELIMITER } from './watch-statements.ts'

const ENDS = /^(?:(?:COMMIT|ROLLBACK)\b(?! TO\b)|XA (?:PREPARE|COMMIT|ROLLBACK)\b)/i
const SET = 'SET @@session.explicit_defaults_for_timestamp='

/**
 * mysqlbinlog sets explicit_defaults_for_timestamp before statements within a transaction, where no server lets
 * anybody set it (1766): it is set before the transaction, as on the source.
 */
export class SetBefore extends EachStatement {
  readonly #within: ReadonlyMap<number, number>
  #begun = 0
  #isWithin = false

  /** @param within see TimestampDefaults */
  constructor(within: ReadonlyMap<number, number>) {
    super(0)
    this.#within = within
  }

  protected override instead(before: string, text: string): string | null {
    if (BEGINS.test(text)) {
      const value = this.#within.get(this.#begun++)
      this.#isWithin = true
      return `${before}${value === undefined ? '' : `${SET}${value}${DELIMITER}`}${text}`
    }
    if (ENDS.test(text)) this.#isWithin = false
    return this.#isWithin && text.startsWith(SET) ? null : before + text
  }
}
