import type { AccountName } from '../schema/service-accounts.ts'
import { accountKey, accountText, type ObservedAccess, type Principal } from './observed.ts'
import type {
  AccessPolicy,
  ApplicationPolicy,
  PersonPolicy,
  RolePolicy,
  WantedRights,
} from './policy.ts'
import { type Right, rightText } from './right.ts'

/** Who answers for an imported account; a person puts a name in. */
const UNKNOWN_OWNER = 'unknown'

/** Said of imported roles that reach further than people may. */
const EXCEPTION = 'imported as it was; to be cut down'

/**
 * The policy that describes a server as it is: a plan against it changes nothing. Who may
 * make and empower accounts is an administrator, roles are roles, the accounts of people
 * are known by ecomdb's records alone, and all others are applications: nothing in the
 * catalogue tells a person from a program.
 *
 * @param services ecomdb's own accounts, which are no part of a policy
 */
export function importPolicy(
  observed: ObservedAccess,
  services: readonly AccountName[],
): AccessPolicy {
  const own = new Set([
    ...services.map(accountKey),
    ...observed.records
      .filter(({ kind }) => ['service', 'identity', 'session'].includes(kind))
      .flatMap(({ account }) => [account, { user: `r${account.user}`, host: '' }])
      .map(accountKey),
  ])
  const umbrellas = new Set(umbrellaRoles(observed))
  const others = observed.principals.filter(({ account }) => !own.has(accountKey(account)))
  const accounts = others.filter(({ kind }) => kind === 'account')
  const roles = others.filter(
    ({ kind, account }) => kind === 'role' && !umbrellas.has(account.user),
  )
  const people = importedPeople(accounts, observed, umbrellas)
  const personal = new Set([...people.values()].flatMap(person => person.accounts))
  const rest = accounts.filter(({ account }) => !personal.has(accountText(account)))
  return {
    administrators: rest.filter(isAdministrator).map(({ account }) => accountText(account)),
    revokeShare: 0.2,
    roles: new Map(roles.map(role => [role.account.user, importedRole(role, observed)])),
    applications: importedApplications(rest.filter(each => !isAdministrator(each))),
    people,
  }
}

/** Could give itself whatever it has not. */
export function isAdministrator({ rights }: Principal): boolean {
  const onServer = new Set(
    rights.filter(({ place }) => place.on === 'server').map(({ privilege }) => privilege),
  )
  return onServer.has('SUPER') || (onServer.has('CREATE USER') && onServer.has('GRANT OPTION'))
}

/** MariaDB's roles_of_NAME, which the policy does not name. */
function umbrellaRoles({ family, principals }: ObservedAccess): string[] {
  return family === 'mysql'
    ? []
    : principals
        .filter(({ kind, account }) => kind === 'role' && account.user.startsWith('roles_of_'))
        .map(({ account }) => account.user)
}

/** People on record, where their accounts hold roles only: all of them the same. */
function importedPeople(
  accounts: readonly Principal[],
  { records, people, principals }: ObservedAccess,
  umbrellas: ReadonlySet<string>,
): Map<string, PersonPolicy> {
  const found = new Map<string, PersonPolicy>()
  const persons = new Map(records.map(each => [accountKey(each.account), each.person]))
  const namesOf = ({ roles }: Principal): string[] =>
    roles.flatMap(({ role }) => {
      const umbrella = principals.find(each => accountKey(each.account) === accountKey(role))
      return umbrellas.has(role.user) && umbrella ? namesOf(umbrella) : [role.user]
    })
  for (const principal of accounts) {
    const person = persons.get(accountKey(principal.account))
    const record = people.find(each => each.person === person)
    if (record?.state !== 'active' || principal.rights.length > 0) continue
    const before = found.get(record.person)
    found.set(record.person, {
      fullName: record.fullName,
      email: record.email,
      accounts: [...(before?.accounts ?? []), accountText(principal.account)],
      roles: before?.roles ?? namesOf(principal),
    })
  }
  return found
}

function importedRole(role: Principal, observed: ObservedAccess): RolePolicy {
  const kinds = new Map(
    observed.objects.map(({ schema, name, kind }) => [JSON.stringify([schema, name]), kind]),
  )
  const isPlain = (name: string): boolean => /^[^.\s]+$/.test(name)
  const onView = ({ privilege, place }: Right): boolean =>
    privilege === 'SELECT' &&
    place.on === 'table' &&
    place.column === null &&
    isPlain(place.schema + place.name) &&
    kinds.get(JSON.stringify([place.schema, place.name])) === 'view'
  const onProgram = ({ privilege, place }: Right): boolean =>
    privilege === 'EXECUTE' &&
    place.on === 'routine' &&
    isPlain(place.schema + place.name) &&
    kinds.get(JSON.stringify([place.schema, place.name])) === place.type.toLowerCase()
  const nameOf = ({ place }: Right): string =>
    'schema' in place && 'name' in place ? `${place.schema}.${place.name}` : ''
  const others = role.rights.filter(right => !onView(right) && !onProgram(right))
  const wanted = importedRights({ ...role, rights: others })
  return {
    ...wanted,
    select: role.rights.filter(onView).map(nameOf),
    execute: role.rights.filter(onProgram).map(nameOf),
    description: 'imported',
    heldBy: 'people',
    exception: wanted.rights.length > 0 ? EXCEPTION : null,
    maxConnections: null,
    tls: 'never',
    maxTtlMs: null,
    approvers: [],
  }
}

function importedApplications(accounts: readonly Principal[]): Map<string, ApplicationPolicy> {
  const found = new Map<string, ApplicationPolicy>()
  for (const principal of accounts) {
    const { account, roles, defaultRoles } = principal
    const isOn = defaultRoles.length === roles.length
    found.set(freeName(account, found), {
      ...importedRights(principal),
      owner: UNKNOWN_OWNER,
      accounts: [`${account.user}@${account.host}`],
      defaultRoles: roles.length === 1 ? isOn : null,
      maxConnections: null,
      tls: null,
    })
  }
  return found
}

/** web, web_2, …: the same name on several hosts is several accounts. */
function freeName({ user }: AccountName, taken: ReadonlyMap<string, unknown>): string {
  const plain = user.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, 28)
  const base = /^[A-Za-z]/.test(plain) ? plain : `a_${plain || 'nonymous'}`
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}_${number}`
    if (!taken.has(name)) return name
  }
}

function importedRights({ rights, roles }: Principal): WantedRights {
  return {
    select: [],
    execute: [],
    tables: new Map(),
    server: rights.flatMap(({ privilege, place }) => (place.on === 'server' ? [privilege] : [])),
    rights: asTexts(rights.filter(({ place }) => place.on !== 'server')),
    roles: roles.map(({ role }) => role.user),
    adminOf: roles.filter(({ admin }) => admin).map(({ role }) => role.user),
  }
}

/** "SELECT, INSERT ON shop.orders": one text for all privileges of a place. */
function asTexts(rights: readonly Right[]): string[] {
  const places = new Map<string, string[]>()
  for (const right of rights) {
    const [privilege = '', ...place] = rightText(right).split(' ON ')
    const key = place.join(' ON ')
    places.set(key, [...(places.get(key) ?? []), privilege])
  }
  return [...places].map(([place, privileges]) => `${privileges.join(', ')} ON ${place}`)
}
