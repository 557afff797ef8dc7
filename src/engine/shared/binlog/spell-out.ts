import { Transform, type TransformCallback } from 'node:stream'
import { EcomdbError } from '#core/errors'
import type { Untold } from '#domain/binlog/untold'
import type { EngineFamily } from '#domain/engine-family'
import { quoteIdentifier } from '../../quote.ts'
import { DELIMITER, TOKENS } from './watch-statements.ts'

/** One statement that the tool prints, and what is executed instead; bytes, as latin1. */
interface Spelling {
  printed: string
  /** There may be more of it. */
  isBeginning: boolean
  instead: string
}

/** Those whose meaning is another one in another session; the others are executed as they are printed. */
export function spellings(untold: readonly Untold[], family: EngineFamily): Spelling[] {
  return untold.flatMap((one): Spelling[] => {
    if (one.kind === 'real') {
      // The tools quote a name by doubling, as everybody.
      const printed = `SET @${quoteIdentifier(one.variable)}:=`
      return [{ printed, isBeginning: true, instead: `${printed}${realLiteral(one.value)}` }]
    }
    if (one.kind === 'empty') {
      return [{ printed: one.statement, isBeginning: false, instead: 'DO 0\n' }]
    }
    const instead = asInvoked(one, family)
    return instead === one.statement
      ? []
      : [{ printed: one.statement, isBeginning: false, instead: `${instead}\n` }]
  })
}

/** With an exponent, or it would be a DECIMAL. */
const realLiteral = (value: number): string =>
  Object.is(value, -0) ? '-0e0' : /e/.test(String(value)) ? String(value) : `${value}e0`

const ABOUT_ACCOUNTS =
  /^\s*(?:GRANT|REVOKE|(?:CREATE(?:\s+OR\s+REPLACE)?|ALTER|DROP|RENAME)\s+(?:USER|ROLE)|SET)\b/i
const ALTERS_EVENT = /^(\s*ALTER)(\s+EVENT\b)/i
/**
 * MariaDB: who makes a role may grant it, and only who may grant it: the log's own GRANT would be refused, were it not
 * whoever replays it.
 */
const makesRole = (bare: string, family: EngineFamily): boolean =>
  family === 'mariadb' && /^\s*CREATE(?:\s+OR\s+REPLACE)?\s+ROLE\b/i.test(bare)

const bareOf = (statement: string): string =>
  statement.replaceAll(TOKENS, token => ' '.repeat(token.length))

/** What the statement means, where somebody else gives it. */
function asInvoked(
  { statement, user, host }: Extract<Untold, { kind: 'invoker' }>,
  family: EngineFamily,
): string {
  // Words of the statement itself, where they stand in it.
  const bare = bareOf(statement)
  // MariaDB's roles have no host.
  const isRole = host === '' && family === 'mariadb'
  // So it is a name under any sql_mode.
  const invoker = [user, ...(isRole ? [] : [host])].map(quoteIdentifier).join('@')
  if (ALTERS_EVENT.test(bare)) {
    const { length } = ALTERS_EVENT.exec(bare)?.[1] ?? ''
    return `${statement.slice(0, length)} DEFINER=${invoker}${statement.slice(length)}`
  }
  if (!ABOUT_ACCOUNTS.test(bare) || makesRole(bare, family)) return statement
  const word = isRole ? /\bCURRENT_ROLE\b(?:\s*\(\s*\))?/gi : /\bCURRENT_USER\b(?:\s*\(\s*\))?/gi
  let at = 0
  let spelled = ''
  for (const {
    index,
    0: { length },
  } of bare.matchAll(word)) {
    spelled += `${statement.slice(at, index)}${invoker}`
    at = index + length
  }
  spelled += statement.slice(at)
  return spelled
}

/** Comments that the tool prints before a statement, and those that it begins with itself. */
const BEFORE = /^(?:#[^\n]*\n|\s+)*/

const withoutBefore = (text: string): string => text.replace(BEFORE, '')

/**
 * Executes other words than the tool prints, for statements that come in this order. What is longer than they
 * are, as rows in row format, is passed on as it comes.
 */
export class SpellOut extends Transform {
  readonly #spellings: readonly Spelling[]
  readonly #longest: number
  #next = 0
  #held = ''
  /** Of a statement of which a part was passed on. */
  #isPassing = false

  constructor(spellings: readonly Spelling[]) {
    super()
    this.#spellings = spellings
    this.#longest = Math.max(...spellings.map(({ printed }) => printed.length)) + 2 ** 16
  }

  override _transform(chunk: Buffer, _encoding: string, done: TransformCallback): void {
    const parts = `${this.#held}${chunk.toString('latin1')}`.split(DELIMITER)
    this.#held = parts.pop() ?? ''
    for (const part of parts) {
      this.#pass(`${this.#isPassing ? part : this.#spelled(part)}${DELIMITER}`)
      this.#isPassing = false
    }
    if (this.#held.length > this.#longest) {
      // Its end may be the beginning of a delimiter.
      const sure = this.#held.length - DELIMITER.length
      this.#pass(this.#held.slice(0, sure))
      this.#held = this.#held.slice(sure)
      this.#isPassing = true
    }
    done()
  }

  override _flush(done: TransformCallback): void {
    this.#pass(this.#held)
    done()
  }

  /** @throws EcomdbError TOOL_FAILED when the tool has not printed all of them */
  requireAll(tool: string): void {
    const left = this.#spellings.length - this.#next
    if (left === 0) return
    throw new EcomdbError('TOOL_FAILED', {
      what: `${tool} printed ${left} statements of the log otherwise than they are in it`,
      why: 'they name whoever gave them without saying who that was, or have numbers that it prints in part only',
      hints: [
        'restore to a moment before them, and say which server and version wrote the log: `ecomdb doctor`',
      ],
    })
  }

  #spelled(part: string): string {
    const next = this.#spellings[this.#next]
    if (!next) return part
    const before = BEFORE.exec(part)?.[0] ?? ''
    const text = part.slice(before.length)
    const { printed, isBeginning, instead } = next
    const isIt = isBeginning
      ? text.startsWith(printed)
      : text.trimEnd() === withoutBefore(printed).trimEnd()
    if (!isIt) return part
    this.#next += 1
    return `${before}${instead}`
  }

  #pass(text: string): void {
    if (text !== '') this.push(Buffer.from(text, 'latin1'))
  }
}
