import type { Untold } from '#domain/binlog/untold'
import { quoteIdentifier, quoteString } from '../../quote.ts'
import { DELIMITER } from './watch-statements.ts'

/** An account, or a role without a host. */
export interface Grantee {
  user: string
  host: string
}

/** What a statement of MariaDB's log does to roles. Names are bytes, as latin1. */
export type RoleChange =
  | { kind: 'create'; roles: string[]; ifMissing: boolean; admin: Grantee | null; words: string }
  | { kind: 'drop'; roles: string[] }
  | { kind: 'grant'; role: string; to: Grantee[]; admin: boolean }
  | { kind: 'revoke'; role: string; from: Grantee[]; adminOnly: boolean }

type Given = Extract<Untold, { kind: 'invoker' | 'role' }>

interface Token {
  text: string
  isQuoted: boolean
  at: number
}

const WORDS =
  /`((?:[^`]|``)*)`|'((?:[^'\\]|\\.|'')*)'|"((?:[^"\\]|\\.|"")*)"|\/\*[^!].*?\*\/|[\w$.\u0080-\u00ff%-]+|\S/gs

function tokensOf(statement: string): Token[] {
  return [...statement.matchAll(WORDS)]
    .filter(([text]) => !text.startsWith('/*'))
    .map(({ 0: text, 1: name, 2: single, 3: double, index }) => {
      const quoted = name ?? single ?? double
      const mark = text[0] ?? ''
      return {
        text: quoted === undefined ? text : quoted.replaceAll(mark + mark, mark),
        isQuoted: quoted !== undefined,
        at: index,
      }
    })
}

/** Reads a statement word by word. */
class Words {
  readonly #tokens: Token[]
  #next = 0

  constructor(statement: string) {
    this.#tokens = tokensOf(statement)
  }

  get at(): number {
    return this.#tokens[this.#next]?.at ?? Infinity
  }

  get isAtEnd(): boolean {
    return this.#next >= this.#tokens.length
  }

  /** Goes on behind these words, where they come next. */
  has(...words: string[]): boolean {
    const are = words.every((word, i) => {
      const token = this.#tokens[this.#next + i]
      return token !== undefined && !token.isQuoted && token.text.toUpperCase() === word
    })
    if (are) this.#next += words.length
    return are
  }

  name(): string {
    const token = this.#tokens[this.#next++]
    return token && (token.isQuoted || /^[\w$\u0080-\u00ff-]/.test(token.text)) ? token.text : ''
  }

  grantee(invoker: Grantee | null): Grantee {
    const isInvoker = this.has('CURRENT_USER') || this.has('CURRENT_ROLE')
    if (isInvoker) {
      this.has('(', ')')
      return invoker ?? { user: '', host: '' }
    }
    const user = this.name()
    return { user, host: this.has('@') ? this.name() : '' }
  }

  list<T>(one: () => T): T[] {
    const found = [one()]
    while (this.has(',')) found.push(one())
    return found
  }
}

/** @returns null for a statement that is about something else, or that is not understood */
export function roleChange(given: Given): RoleChange | null {
  const words = new Words(given.statement)
  const invoker = given.kind === 'invoker' ? { user: given.user, host: given.host } : null
  const change = read(words, given.statement, invoker)
  words.has(';')
  return words.isAtEnd ? change : null
}

function read(words: Words, statement: string, invoker: Grantee | null): RoleChange | null {
  if (words.has('CREATE', 'ROLE') || words.has('CREATE', 'OR', 'REPLACE', 'ROLE')) {
    const ifMissing = words.has('IF', 'NOT', 'EXISTS')
    const roles = words.list(() => words.name())
    const end = words.at
    const admin = words.has('WITH', 'ADMIN') ? words.grantee(invoker) : invoker
    return { kind: 'create', roles, ifMissing, admin, words: statement.slice(0, end).trimEnd() }
  }
  if (words.has('DROP', 'ROLE')) {
    words.has('IF', 'EXISTS')
    return { kind: 'drop', roles: words.list(() => words.name()) }
  }
  if (words.has('GRANT')) {
    const role = words.name()
    if (!words.has('TO')) return null
    const to = words.list(() => words.grantee(invoker))
    return { kind: 'grant', role, to, admin: words.has('WITH', 'ADMIN', 'OPTION') }
  }
  if (!words.has('REVOKE')) return null
  const adminOnly = words.has('ADMIN', 'OPTION', 'FOR')
  const role = words.name()
  if (!words.has('FROM')) return null
  return { kind: 'revoke', role, from: words.list(() => words.grantee(invoker)), adminOnly }
}

const quoteGrantee = ({ user, host }: Grantee): string =>
  [user, ...(host === '' ? [] : [host])].map(quoteIdentifier).join('@')

/**
 * Makes roles as their statement did, and lets whoever replays grant them as well: the log's own GRANTs would be
 * refused else. Who made them may be gone by now, which is no error.
 */
export function makeRoles(change: Extract<RoleChange, { kind: 'create' }>): string {
  const { roles, ifMissing, admin, words } = change
  if (admin === null) return `${words}\n`
  const give = roles.map(role => {
    const grant = `GRANT ${quoteIdentifier(role)} TO ${quoteGrantee(admin)} WITH ADMIN OPTION;`
    if (!ifMissing) return grant
    const there = `SELECT 1 FROM mysql.user WHERE User = ${quoteString(role)} AND is_role = 'Y'`
    return `IF NOT EXISTS (${there}) THEN CREATE ROLE ${quoteIdentifier(role)}; ${grant} END IF;`
  })
  return [
    ...(ifMissing ? [] : [words]),
    // There are no such blocks under ORACLE.
    "SET @`ecomdb_sql_mode` = @@sql_mode, sql_mode = ''",
    `BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; ${give.join(' ')} END`,
    'SET sql_mode = @`ecomdb_sql_mode`\n',
  ].join(`\n${DELIMITER}`)
}
