import { EcomdbError } from '#core/errors'
import type { Untold } from '#domain/binlog/untold'
import type { EngineFamily } from '#domain/engine-family'
import { quoteIdentifier } from '../../quote.ts'
import { BEFORE, EachStatement } from './each-statement.ts'
import { makeRoles, roleChange } from './role-changes.ts'
import { TOKENS } from './watch-statements.ts'

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
    const made = family === 'mariadb' ? roleChange(one) : null
    if (made?.kind === 'create') {
      return [{ printed: one.statement, isBeginning: false, instead: makeRoles(made) }]
    }
    if (one.kind === 'role') return []
    const instead = asInvoked(one, family)
    return instead === one.statement
      ? []
      : [{ printed: one.statement, isBeginning: false, instead: `${instead}\n` }]
  })
}

/** With an exponent, or it would be a DECIMAL. */
export const realLiteral = (value: number): string =>
  Object.is(value, -0) ? '-0e0' : /e/.test(String(value)) ? String(value) : `${value}e0`

const ABOUT_ACCOUNTS =
  /^\s*(?:GRANT|REVOKE|(?:CREATE(?:\s+OR\s+REPLACE)?|ALTER|DROP|RENAME)\s+(?:USER|ROLE)|SET)\b/i
const ALTERS_EVENT = /^(\s*ALTER)(\s+EVENT\b)/i
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
  if (!ABOUT_ACCOUNTS.test(bare)) return statement
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

const withoutBefore = (text: string): string => text.replace(BEFORE, '')

/**
 * Executes other words than the tool prints, for statements that come in this order. What is longer than they
 * are, as rows in row format, is passed on as it comes.
 */
export class SpellOut extends EachStatement {
  readonly #spellings: readonly Spelling[]
  #next = 0

  constructor(spellings: readonly Spelling[]) {
    super(Math.max(...spellings.map(({ printed }) => printed.length)))
    this.#spellings = spellings
  }

  /** @throws EcomdbError TOOL_FAILED when the tool has not printed all of them */
  override requireAll(tool: string): void {
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

  protected override instead(before: string, text: string): string {
    const next = this.#spellings[this.#next]
    if (!next) return before + text
    const { printed, isBeginning, instead } = next
    const isIt = isBeginning
      ? text.startsWith(printed)
      : text.trimEnd() === withoutBefore(printed).trimEnd()
    if (!isIt) return before + text
    this.#next += 1
    return before + instead
  }
}
