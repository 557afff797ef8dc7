import { type Check, checkOf } from './check.ts'
import { grantPieces, type withoutDanglingGrants } from './dangling-grants.ts'
import type { ExpectedChanges } from './expected-changes.ts'
import { lostColumns } from './grant-columns.ts'
import type { AccountEntry } from './manifest.ts'
import type { RefusedGrant } from './restore-plan.ts'
import { maskHashes } from './restored-accounts.ts'
import {
  administratorsIn,
  type RoleAdministrator,
  roleAdministrator,
  withoutMissingAdministrators,
} from './role-administrators.ts'
import { privilegesOf, withoutPrivileges } from './unknown-privileges.ts'

/**
 * Every account and role with its grants, as the server prints them.
 *
 * @param isOnView of a grant of the snapshot
 */
export function compareAccounts(
  { accounts: expected, leftOut }: ReturnType<typeof withoutDanglingGrants>,
  found: readonly AccountEntry[],
  changes: ExpectedChanges,
  isOnView: (grant: string) => boolean,
): Check[] {
  if (!changes.accounts) {
    const summary = 'not restored'
    return [
      { name: 'accounts', outcome: 'unchecked', summary, differences: [] },
      ...refusedCheck(changes.refusedGrants),
    ]
  }
  const among = (list: ExpectedChanges['kept'], { user, host }: AccountEntry): boolean =>
    list.some(one => one.user === user && one.host === host)
  const restored = expected.filter(account => !among(changes.kept, account))
  const unknown = new Set(changes.unknownPrivileges)
  const compared = withoutPrivileges(restored, unknown)
  const there = withoutMissingAdministrators(expected, []).accounts
  const isAdministrator = isAmong(administratorsIn(found))
  const isGiven = isAmong(there.flatMap(({ create }) => administratorsIn([{ create, grants: [] }])))
  const refused = new Map(changes.refusedGrants.map(one => [inNameOrder(one.grant), one]))
  const isRefused = (grant: string): boolean => {
    const pieces = grantPieces(grant, isOnView(grant))
    const found = pieces.flatMap(({ sql }) => refused.get(sql) ?? [])
    return found.length === pieces.length
  }
  const part = { isOnView, isRefused }
  const differences = compared.flatMap(account => {
    const label = `${account.kind} '${account.user}'@'${account.host}'`
    const is = found.find(one => one.user === account.user && one.host === account.host)
    if (!is) return [`${label} is missing`]
    const locked = among(changes.locked, account)
    const definition = (entry: AccountEntry): string => {
      // Who administers a role is compared for itself: a manifest names one of several.
      const create = entry.create.filter(statement => roleAdministrator(statement) === null)
      return locked ? withoutLock(create) : create.join(';\n')
    }
    const own = there.find(one => one.user === account.user && one.host === account.host)
    return [
      ...administratorsIn([{ create: own?.create ?? [], grants: [] }])
        .filter(one => !isAdministrator(one))
        .map(({ user, host }) => `${label} is not administered by '${user}'@'${host}'`),
      // Definitions hold password hashes, so a difference is named and not shown.
      ...(definition(is) === definition(account) ? [] : [`${label} has another definition`]),
      ...grantDifferences(label, account.grants, is.grants, isGiven, part),
    ]
  })
  const kept = expected.filter(account => among(changes.kept, account))
  const left = kept.length
    ? `; not compared, for they were there before: ${kept.map(({ user, host }) => `'${user}'@'${host}'`).join(', ')}`
    : ''
  const dangling = leftOut.length
    ? `; left out, for what they are on is not in the snapshot: ${leftOut.length} grants`
    : ''
  const summary = `${compared.length} accounts and roles with their grants${left}${dangling}`
  return [
    checkOf('accounts', summary, differences),
    ...privilegesCheck(restored, unknown),
    ...refusedCheck(changes.refusedGrants),
  ]
}

/** What the source kept of an object that is gone, or of one that this version does not have. */
function refusedCheck(refused: readonly RefusedGrant[]): Check[] {
  if (refused.length === 0) return []
  const grants = refused.map(({ grant, why }) => `${grant} (${why})`)
  const summary = `this server took these not, for what they are on is not there: ${grants.join('; ')}`
  return [{ name: 'grants', outcome: 'unchecked', summary, differences: [] }]
}

/** A plugin or component of the source knew them, or its version, which the server lacks. */
function privilegesCheck(accounts: readonly AccountEntry[], unknown: ReadonlySet<string>): Check[] {
  if (unknown.size === 0) return []
  const summary = `this server does not know ${privilegesOf(accounts, unknown).join(', ')}: grant what this version has in their place, or install what they belong to`
  return [{ name: 'privileges', outcome: 'unchecked', summary, differences: [] }]
}

function isAmong(list: readonly RoleAdministrator[]): (one: RoleAdministrator) => boolean {
  const keys = new Set(list.map(({ role, user, host }) => JSON.stringify([role, user, host])))
  return ({ role, user, host }) => keys.has(JSON.stringify([role, user, host]))
}

/** MySQL prints ACCOUNT LOCK or UNLOCK, MariaDB prints ACCOUNT LOCK or nothing. */
function withoutLock(create: readonly string[]): string {
  return create.join(';\n').replaceAll(/ ACCOUNT (UN)?LOCK\b/g, '')
}

function grantDifferences(
  label: string,
  expected: readonly string[],
  found: readonly string[],
  isGiven: (administrator: RoleAdministrator) => boolean,
  { isOnView, isRefused }: Record<'isOnView' | 'isRefused', (grant: string) => boolean>,
): string[] {
  const shown = (grant: string): string => maskHashes(inNameOrder(grant))
  // What the source kept for a name that somebody has got since, it shows after its next start.
  const others = found.filter(grant => {
    const administrator = expected.includes(grant) ? null : roleAdministrator(grant)
    return administrator === null || !isGiven(administrator)
  })
  const [was, is] = [expected.map(shown), others.map(shown)]
  const instead = new Set<string>()
  const lacking = was.flatMap(grant => {
    if (is.includes(grant)) return []
    const part = isOnView(grant) ? lostColumns(grant, is) : null
    if (!isRefused(part?.lost ?? grant)) return [`${label} lacks what it had: ${grant}`]
    if (part?.instead) instead.add(part.instead)
    return []
  })
  const more = is.filter(grant => !was.includes(grant) && !instead.has(grant))
  return [...lacking, ...more.map(grant => `${label} has what it had not: ${grant}`)]
}

/** MariaDB prints the columns of a grant in the order of its hash table. */
function inNameOrder(grant: string): string {
  return grant.replace(/\((`(?:[^`]|``)*`(?:, `(?:[^`]|``)*`)*)\)/g, (_, names: string) => {
    return `(${(names.match(/`(?:[^`]|``)*`/g) ?? []).sort().join(', ')})`
  })
}
