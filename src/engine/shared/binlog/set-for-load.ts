import { EcomdbError } from '#core/errors'
import type { Given } from '#domain/binlog/load-data'
import { quoteIdentifier } from '../../quote.ts'
import { EachStatement } from './each-statement.ts'
import { realLiteral } from './spell-out.ts'
import { DELIMITER } from './watch-statements.ts'

const LOADS = /^LOAD (?:DATA|XML)\b[^']*\bLOCAL INFILE '/i
const GIVES = /^SET (?:(?:LAST_)?INSERT_ID=|@@RAND_SEED1=|@`)/

/**
 * mysqlbinlog prints what a LOAD DATA is given (the next automatic number, user variables) before the statement behind
 * it: it is set before the LOAD DATA, as the log has it, and not for the other.
 */
export class SetForLoad extends EachStatement {
  readonly #given: readonly (readonly Given[])[]
  #loads = 0
  /** What the tool has printed since the last statement, for the next. */
  #printed = 0
  /** What it has still to print of LOAD DATA that are done. */
  #late = 0

  /** @param given see LoadData */
  constructor(given: readonly (readonly Given[])[], longest: number) {
    super(longest)
    this.#given = given
  }

  /** @throws EcomdbError TOOL_FAILED when the tool has not printed every LOAD DATA */
  override requireAll(tool: string): void {
    if (this.#loads === this.#given.length) return
    throw new EcomdbError('TOOL_FAILED', {
      what: `${tool} printed ${this.#loads} LOAD DATA statements of the log, which has ${this.#given.length}`,
      why: 'what each of them is given, as its next automatic number, is set by their order',
      hints: [
        'restore to a moment before them, and say which server and version wrote the log: `ecomdb doctor`',
      ],
    })
  }

  protected override instead(before: string, text: string): string | null {
    if (LOADS.test(text)) {
      const given = this.#given[this.#loads++] ?? []
      const isPrinted = this.#printed > 0
      this.#printed = 0
      if (isPrinted) return before + text
      this.#late += given.length
      return `${before}${given.map(setting).join('')}${text}`
    }
    if (!GIVES.test(text)) {
      if (!text.startsWith('SET ')) this.#printed = 0
      return before + text
    }
    if (this.#late > 0) {
      this.#late -= 1
      return null
    }
    this.#printed += 1
    return before + text
  }
}

function setting(given: Given): string {
  if (given.kind === 'insert-id') return `SET INSERT_ID=${given.value}${DELIMITER}`
  if (given.kind === 'last-insert-id') return `SET LAST_INSERT_ID=${given.value}${DELIMITER}`
  if (given.kind === 'seeds') {
    const [first, second] = given.values
    return `SET @@RAND_SEED1=${first}, @@RAND_SEED2=${second}${DELIMITER}`
  }
  const { name, value } = given
  if (value === undefined) return ''
  const literal = typeof value === 'number' ? realLiteral(value) : String(value ?? 'NULL')
  return `SET @${quoteIdentifier(name)}:=${literal}${DELIMITER}`
}
