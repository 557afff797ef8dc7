import type { AccountName } from '../schema/service-accounts.ts'
import type { Change } from './change.ts'
import type { DesiredPrincipal } from './desired.ts'
import {
  accountKey,
  accountText,
  type ObservedAccess,
  type Principal,
  type RoleEdge,
} from './observed.ts'
import { placeText, type Right, rightKey } from './right.ts'
import { isThere, missingText } from './wanted-rights.ts'

/**
 * What makes one account or role that ecomdb answers for what it shall be.
 *
 * @param found undefined where it is made first
 * @param notes gets what cannot be granted yet
 */
export function compareHolders(
  wanted: DesiredPrincipal,
  found: Principal | undefined,
  observed: ObservedAccess,
  notes: string[],
): Change[] {
  const { account } = wanted
  const { missing, surplus } = difference(wanted.rights, found?.rights ?? [], observed)
  const grantable = missing.filter(right => isThere(right, observed))
  for (const right of missing.filter(each => !grantable.includes(each))) {
    notes.push(missingText(accountText(account), right))
  }
  return [
    ...byPlace(grantable).map(group => ({ do: 'grant' as const, account, ...group })),
    ...byPlace(surplus).map(group => ({ do: 'revoke' as const, account, ...group })),
    ...roleChanges(wanted, found?.roles ?? []),
    ...settingChanges(wanted, found),
  ]
}

/** Of two sets, under the names that the server holds to be the same. */
function difference(
  wanted: readonly Right[],
  held: readonly Right[],
  { foldNames }: ObservedAccess,
): { missing: Right[]; surplus: Right[] } {
  const table = (rights: readonly Right[]): Map<string, Right> =>
    new Map(rights.map(right => [rightKey(right, foldNames), right]))
  const [want, have] = [table(wanted), table(held)]
  return {
    missing: [...want].filter(([key]) => !have.has(key)).map(([, right]) => right),
    surplus: [...have].filter(([key]) => !want.has(key)).map(([, right]) => right),
  }
}

/** One statement grants or revokes all privileges of a place; columns have one each. */
function byPlace(rights: readonly Right[]): { place: Right['place']; privileges: string[] }[] {
  const groups = new Map<string, { place: Right['place']; privileges: string[] }>()
  for (const { place, privilege } of rights) {
    const column = place.on === 'table' ? place.column : null
    const key = JSON.stringify([placeText(place), column])
    const group = groups.get(key) ?? { place, privileges: [] }
    group.privileges.push(privilege)
    groups.set(key, group)
  }
  return [...groups.values()]
}

function roleChanges(wanted: DesiredPrincipal, held: readonly RoleEdge[]): Change[] {
  const { account, roles } = wanted
  const names = new Set(roles.map(accountKey))
  const admins = new Set(wanted.adminOf.map(accountKey))
  const have = new Map(held.map(edge => [accountKey(edge.role), edge]))
  const isAdmin = (role: AccountName): boolean => admins.has(accountKey(role))
  const grants = roles.filter(role => {
    const edge = have.get(accountKey(role))
    return !edge || (isAdmin(role) && !edge.admin)
  })
  const revokes = held.filter(({ role }) => !names.has(accountKey(role)))
  const tooMuch = adminsTooMuch(wanted, held)
  return [
    ...grants.map(role => ({ do: 'grant role' as const, account, role, admin: isAdmin(role) })),
    ...tooMuch.map(({ role }) => ({ do: 'revoke admin option' as const, account, role })),
    ...revokes.map(({ role }) => ({ do: 'revoke role' as const, account, role })),
  ]
}

function adminsTooMuch(wanted: DesiredPrincipal, held: readonly RoleEdge[]): RoleEdge[] {
  const names = new Set(wanted.roles.map(accountKey))
  const admins = new Set(wanted.adminOf.map(accountKey))
  return held.filter(
    ({ role, admin }) => admin && names.has(accountKey(role)) && !admins.has(accountKey(role)),
  )
}

function settingChanges(wanted: DesiredPrincipal, found: Principal | undefined): Change[] {
  const { account, defaultRoles, tls, maxConnections } = wanted
  const changes: Change[] = []
  // MySQL takes the admin option away with the role, and the default role goes with it.
  const isDisturbed = adminsTooMuch(wanted, found?.roles ?? []).length > 0
  if (defaultRoles && (isDisturbed || !sameAccounts(defaultRoles, found?.defaultRoles ?? []))) {
    changes.push({ do: 'default roles', account, roles: defaultRoles })
  }
  if (tls !== null && tls !== ((found?.tls ?? '') !== '')) {
    changes.push({ do: 'require tls', account, tls })
  }
  if (maxConnections !== null && maxConnections !== (found?.maxConnections ?? 0)) {
    changes.push({ do: 'limit connections', account, maxConnections })
  }
  return changes
}

function sameAccounts(some: readonly AccountName[], others: readonly AccountName[]): boolean {
  const sorted = (names: readonly AccountName[]): string => names.map(accountKey).sort().join()
  return sorted(some) === sorted(others)
}
