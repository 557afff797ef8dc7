import type { AccountEntry } from './manifest.ts'

/**
 * MySQL's dynamic privileges are named by plugins and components. A server takes none that it does not know
 * (a syntax error), and keeps and prints one whose plugin is gone.
 *
 * Source: MySQL reference manual, "Static Versus Dynamic Privileges": they are granted on all, and the server
 * prints them in lines of their own.
 */
const DYNAMIC = /^GRANT ([A-Z0-9_]+(?:,[A-Z0-9_]+)*)(?= ON \*\.\* TO )/

/** Those that the accounts have, and that are not among `known`, in upper case. */
export function unknownPrivileges(
  accounts: readonly AccountEntry[],
  known: readonly string[] | null,
): string[] {
  if (known === null) return []
  const there = new Set(known)
  const had = accounts.flatMap(({ grants }) => grants.flatMap(dynamicOf))
  return [...new Set(had)].filter(name => !there.has(name)).sort()
}

/** The accounts without some of the privileges, and without grants that have no other. */
export function withoutPrivileges(
  accounts: readonly AccountEntry[],
  left: ReadonlySet<string>,
): AccountEntry[] {
  if (left.size === 0) return [...accounts]
  const grantOf = (grant: string): string[] => {
    const had = dynamicOf(grant)
    const kept = had.filter(name => !left.has(name))
    if (kept.length === had.length) return [grant]
    return kept.length === 0 ? [] : [grant.replace(had.join(','), kept.join(','))]
  }
  return accounts.map(account => ({ ...account, grants: account.grants.flatMap(grantOf) }))
}

/** "SKIP_QUERY_REWRITE of 'ann'@'%'", for people. */
export function privilegesOf(
  accounts: readonly AccountEntry[],
  wanted: ReadonlySet<string>,
): string[] {
  return accounts.flatMap(({ user, host, grants }) => {
    const names = grants.flatMap(dynamicOf).filter(name => wanted.has(name))
    return names.length === 0 ? [] : [`${names.join(', ')} of '${user}'@'${host}'`]
  })
}

/** Names of static ones (USAGE, SELECT) have no _. */
function dynamicOf(grant: string): string[] {
  const [, list = ''] = DYNAMIC.exec(grant) ?? []
  return list.split(',').filter(name => name.includes('_'))
}
