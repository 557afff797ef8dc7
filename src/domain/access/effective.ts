import type { AccountName } from '../schema/service-accounts.ts'
import { accountKey, type ObservedAccess, type Principal } from './observed.ts'
import { matchesPattern, type Right } from './right.ts'

/** A right that an account has, and how it comes to it. */
export interface HeldRight {
  right: Right
  /** Whom it is held by in the end: the account itself, a role, PUBLIC. */
  holder: AccountName
  /** The roles between the account and the holder, the holder last; empty for its own. */
  through: readonly AccountName[]
  by: 'itself' | 'role' | 'mandatory role' | 'public'
}

/**
 * Everything that an account may do, or could do after SET ROLE: its own rights, those of
 * its roles and their roles, of mandatory roles, and of PUBLIC. A right that it has in
 * several ways is there several times. Empty for an account that is not there.
 */
export function effectiveRights(observed: ObservedAccess, account: AccountName): HeldRight[] {
  const byKey = principalsByKey(observed)
  const self = byKey.get(accountKey(account))
  if (!self) return []
  const mandatory = observed.mandatoryRoles.flatMap(role =>
    walk(byKey, role, 'mandatory role', [role]),
  )
  const everybody = observed.principals.filter(({ kind }) => kind === 'public')
  return [
    ...walk(byKey, account, 'itself', []),
    ...mandatory,
    ...everybody.flatMap(each => walk(byKey, each.account, 'public', [each.account])),
  ]
}

export function principalsByKey({ principals }: ObservedAccess): Map<string, Principal> {
  return new Map(principals.map(each => [accountKey(each.account), each]))
}

/** Roles may be in a circle: each is entered once. */
function walk(
  byKey: ReadonlyMap<string, Principal>,
  start: AccountName,
  by: HeldRight['by'],
  through: readonly AccountName[],
): HeldRight[] {
  const found: HeldRight[] = []
  const seen = new Set<string>()
  const queue = [{ account: start, through, by }]
  for (const next of queue) {
    const principal = byKey.get(accountKey(next.account))
    if (!principal || seen.has(accountKey(next.account))) continue
    seen.add(accountKey(next.account))
    for (const right of principal.rights) {
      found.push({ right, holder: principal.account, through: next.through, by: next.by })
    }
    for (const { role } of principal.roles) {
      queue.push({
        account: role,
        through: [...next.through, role],
        by: next.by === 'itself' ? 'role' : next.by,
      })
    }
  }
  return found
}

/** An object of the database, or one column of it. */
export interface Thing {
  schema: string
  name: string
  column?: string | undefined
  /** PROCEDURE, FUNCTION; without it, a table or view. */
  routine?: string | undefined
}

/** Whether a right reaches a thing: held on it, on its schema by any pattern, or on the server. */
export function reaches(
  { place }: Right,
  { schema, name, column, routine }: Thing,
  { foldNames, literalSchemas }: Pick<ObservedAccess, 'foldNames' | 'literalSchemas'>,
): boolean {
  const fold = (text: string): string => (foldNames ? text.toLowerCase() : text)
  switch (place.on) {
    case 'server':
      return true
    case 'schema':
      return matchesPattern(fold(place.schema), fold(schema), literalSchemas)
    case 'table':
      return (
        routine === undefined &&
        fold(place.schema) === fold(schema) &&
        fold(place.name) === fold(name) &&
        (place.column === null ||
          column === undefined ||
          place.column.toLowerCase() === column.toLowerCase())
      )
    case 'routine':
      return (
        routine === place.type &&
        fold(place.schema) === fold(schema) &&
        place.name.toLowerCase() === name.toLowerCase()
      )
    case 'proxy':
      return false
  }
}

/** Privileges that mean something on a table, view or column; and on a program. */
const ON_DATA = new Set([
  ...['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'REFERENCES', 'INDEX', 'ALTER'],
  ...['CREATE VIEW', 'SHOW VIEW', 'TRIGGER', 'DELETE HISTORY', 'LOCK TABLES', 'GRANT OPTION'],
])
const ON_PROGRAMS = new Set(['EXECUTE', 'ALTER ROUTINE', 'GRANT OPTION'])

/**
 * What an account may do to a thing, with every way that leads there. A partial revoke of
 * MySQL takes away what is held on the whole server, and nothing else.
 */
export function rightsOn(
  observed: ObservedAccess,
  account: AccountName,
  thing: Thing,
): HeldRight[] {
  const meaning = thing.routine === undefined ? ON_DATA : ON_PROGRAMS
  const byKey = principalsByKey(observed)
  const isExempt = ({ right, holder }: HeldRight): boolean =>
    right.place.on === 'server' &&
    (byKey.get(accountKey(holder))?.restrictions ?? []).some(
      ({ privilege, place }) =>
        privilege === right.privilege && place.on === 'schema' && place.schema === thing.schema,
    )
  return effectiveRights(observed, account).filter(
    held =>
      meaning.has(held.right.privilege) && reaches(held.right, thing, observed) && !isExempt(held),
  )
}
