import type { AccountEntry } from './manifest.ts'

/**
 * MySQL's dynamic privileges are named by plugins and components, and each version of a server has its own:
 * MySQL prints ALL as the names of that version, MariaDB does so where one was revoked. A server takes none that
 * it does not know (a syntax error), and keeps and prints one whose plugin is gone.
 *
 * Source: MySQL reference manual, "Static Versus Dynamic Privileges": the dynamic ones are printed in lines of
 * their own, without a space between them. A role's name stands in quotes, and columns in parentheses.
 */
const NAMES = /^GRANT ([A-Z0-9_, ]+?)(?= ON )/

/** What no SHOW PRIVILEGES lists. */
const OF_EVERY_SERVER = new Set(['ALL PRIVILEGES', 'USAGE', 'PROXY'])

/**
 * What the privileges of one version are in another, as MySQL's own upgrade has it.
 * Source: MySQL reference manual, "Privileges Provided by MySQL"; SET_USER_ID is gone since 8.4.
 */
const IN_THEIR_PLACE: Readonly<Record<string, readonly string[]>> = {
  SET_USER_ID: ['SET_ANY_DEFINER', 'ALLOW_NONEXISTENT_DEFINER'],
  SET_ANY_DEFINER: ['SET_USER_ID'],
}

/** What a server has in the place of privileges that it does not know, in words; '' where it has nothing. */
export function successorsOf(unknown: readonly string[], known: readonly string[]): string {
  const words = unknown.flatMap(name => {
    const others = (IN_THEIR_PLACE[name] ?? []).filter(one => known.includes(one))
    return others.length > 0 ? [`in place of ${name} it has ${others.join(' and ')}`] : []
  })
  return words.join('; ')
}

/** Those that the accounts have, and that are not among `known`, in upper case. */
export function unknownPrivileges(
  accounts: readonly AccountEntry[],
  known: readonly string[],
): string[] {
  const there = new Set(known)
  const had = accounts.flatMap(({ grants }) => grants.flatMap(namesIn))
  return [...new Set(had)].filter(name => !there.has(name)).sort()
}

/** The accounts without some of the privileges, and without grants that have no other. */
export function withoutPrivileges(
  accounts: readonly AccountEntry[],
  left: ReadonlySet<string>,
): AccountEntry[] {
  if (left.size === 0) return [...accounts]
  const grantOf = (grant: string): string[] => {
    const list = NAMES.exec(grant)?.[1] ?? ''
    const had = list.split(/, ?/)
    const kept = had.filter(name => !left.has(name))
    if (kept.length === had.length) return [grant]
    const separator = list.includes(', ') ? ', ' : ','
    return kept.length === 0 ? [] : [grant.replace(list, kept.join(separator))]
  }
  return accounts.map(account => ({ ...account, grants: account.grants.flatMap(grantOf) }))
}

/** "SKIP_QUERY_REWRITE of 'ann'@'%'", for people. */
export function privilegesOf(
  accounts: readonly AccountEntry[],
  wanted: ReadonlySet<string>,
): string[] {
  return accounts.flatMap(({ user, host, grants }) => {
    const names = grants.flatMap(namesIn).filter(name => wanted.has(name))
    return names.length === 0 ? [] : [`${names.join(', ')} of '${user}'@'${host}'`]
  })
}

function namesIn(grant: string): string[] {
  const names = NAMES.exec(grant)?.[1]?.split(/, ?/) ?? []
  return names.filter(name => !OF_EVERY_SERVER.has(name))
}
