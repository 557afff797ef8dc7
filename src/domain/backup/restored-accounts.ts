import { definerOf, sameAccount } from '../access/definer-object.ts'
import { blankQuotes, identifiersIn } from '../schema/create-table.ts'
import type { AccountEntry, ProgramEntry } from './manifest.ts'

/** What ecomdb's own accounts are called; they work for programs, not for people. */
const SERVICE_PREFIX = 'ecomdb_'

/**
 * Is this a person's account, which comes back locked? A restore must not bring back
 * somebody who has left since. Programs' accounts come back as they were: ecomdb's own, and
 * those that `services` names. Roles cannot log in. By the account without a name anybody does, or all of a
 * directory (PAM, LDAP).
 *
 * @param services user names of the shop's own programs, or user@host of one account
 */
export function isPerson(account: AccountEntry, services: readonly string[]): boolean {
  return (
    account.kind === 'account' &&
    !account.user.startsWith(SERVICE_PREFIX) &&
    !services.some(service => isNamed(account, service))
  )
}

/** Quoted as ecomdb and the servers print it, too. */
function isNamed({ user, host }: AccountEntry, service: string): boolean {
  return service === user || service.replaceAll(/['"`]/g, '') === `${user}@${host}`
}

/** Services that name none of the accounts: a slip, or one that only the log has. */
export function serviceNotes(
  accounts: readonly AccountEntry[],
  services: readonly string[],
): string[] {
  const unknown = services.filter(one => !accounts.some(account => isNamed(account, one)))
  return unknown.map(one => `--service ${one} names no account of the snapshot`)
}

/** Of a grant on a table or view: the same for the same one. Else null. */
export function viewKey(target: ReturnType<typeof grantTarget>): string | null {
  if (target === null || target.kind !== 'table' || target.name === null) return null
  return JSON.stringify([target.database, target.name])
}

/**
 * Has an account a global privilege without a part of it? SHOW GRANTS then prints REVOKE
 * lines, which MySQL takes with partial_revokes = ON only.
 */
export function needsPartialRevokes(accounts: readonly AccountEntry[]): boolean {
  return accounts.some(({ grants }) => grants.some(grant => /^REVOKE /.test(grant)))
}

/**
 * Grants on whole databases whose name is a pattern (`_`, `%`, or one of them behind a backslash) with MySQL's
 * partial_revokes = OFF, and a name as it stands with ON: the same text gives other rights.
 *
 * @param opened databases of where they were patterns: one with `_` alone that opens none but its own name there
 *   is left out. null: they were names
 */
export function grantsOnPatterns(
  grants: readonly string[],
  opened: readonly string[] | null,
): string[] {
  return grants.filter(grant => {
    const target = grantTarget(grant)
    if (target === null || target.name !== null) return false
    const on = blankQuotes(grant).indexOf(' ON ') + ' ON '.length
    const quoted = /^`((?:[^`]|``)*)`/.exec(grant.slice(on))?.[1] ?? ''
    const text = quoted.replaceAll('``', '`')
    if (opened === null || /[%\\]/.test(text)) return /[_%\\]/.test(text)
    return (
      text.includes('_') && opened.some(name => name !== text && matchesUnderscores(name, text))
    )
  })
}

/** `_` stands for any one character. */
function matchesUnderscores(name: string, pattern: string): boolean {
  const [letters, wanted] = [[...name], [...pattern]]
  return (
    letters.length === wanted.length &&
    wanted.every((one, place) => one === '_' || one === letters[place])
  )
}

/** Replaces what stands behind AS, USING, BY or PASSWORD in a statement about an account. */
export function maskHashes(sql: string): string {
  return sql.replace(
    /\b(AS|USING|BY|PASSWORD)(\s+|\s*\(\s*)('(?:[^'\\]|''|\\[\s\S])*'|0x[0-9A-Fa-f]+)/gi,
    "$1$2'********'",
  )
}

/**
 * What a part of a snapshot needs of the accounts: those that its programs run as.
 *
 * @param isRestored tells whether a database is restored
 */
export function definersAmong(
  accounts: readonly AccountEntry[],
  programs: readonly ProgramEntry[],
  isRestored: (database: string) => boolean,
): AccountEntry[] {
  const definers = programs
    .filter(({ schema }) => isRestored(schema))
    .flatMap(({ create }) => definerOf(create) ?? [])
  return accounts.filter(account => definers.some(definer => sameAccount(definer, account)))
}

/** MariaDB grants rights on a package in its mode ORACLE only, and prints the grants in each. */
export function isOnPackage(grant: string): boolean {
  const words = blankQuotes(grant)
  return !/^GRANT PROXY /.test(words) && / ON PACKAGE (?:BODY )?/.test(words)
}

/**
 * What a grant, as SHOW GRANTS prints it, is on: a whole database (name null), a table or
 * view, or a routine. Null for the server, for roles, and for GRANT PROXY.
 */
export function grantTarget(
  grant: string,
): { kind: 'table' | 'routine'; database: string; name: string | null } | null {
  const words = blankQuotes(grant)
  // GRANT PROXY is on an account.
  if (/^GRANT PROXY /.test(words)) return null
  const on = / ON (FUNCTION |PROCEDURE |PACKAGE BODY |PACKAGE |LIBRARY )?/.exec(words)
  if (!on) return null
  const rest = grant.slice(on.index + on[0].length)
  const [database, name] = identifiersIn(rest)
  if (database === undefined || !rest.startsWith('`')) return null
  const isWhole = blankQuotes(rest).trimStart().startsWith('.*')
  return {
    kind: on[1] === undefined ? 'table' : 'routine',
    // In the name of a whole database, _ and % stand for themselves behind a backslash.
    database: isWhole ? database.replace(/\\([_%])/g, '$1') : database,
    name: isWhole ? null : (name ?? null),
  }
}
