import type { AccountName } from '../schema/service-accounts.ts'
import {
  type AccountRecord,
  accountKey,
  accountText,
  type ObservedAccess,
  roleAccount,
} from './observed.ts'
import type { AccessPolicy, PersonPolicy, TlsWish } from './policy.ts'
import type { Right } from './right.ts'
import { type RightsContext, wantedRights } from './wanted-rights.ts'

/** What an account or role shall be. */
export interface DesiredPrincipal {
  account: AccountName
  kind: 'role' | 'person' | 'application'
  /** What the policy calls it. */
  name: string
  person: string | null
  /** False where it is on record only: then it is not made again. */
  make: boolean
  /** A role that ecomdb makes, and whose name is its own: it need not be adopted. */
  isUmbrella?: true
  rights: readonly Right[]
  roles: readonly AccountName[]
  /** Those of them that it may give to others. */
  adminOf: readonly AccountName[]
  /** Null: left as they are, as with the next two. */
  defaultRoles: readonly AccountName[] | null
  tls: boolean | null
  maxConnections: number | null
}

export interface DesiredAccess {
  principals: readonly DesiredPrincipal[]
  administrators: readonly AccountName[]
  people: ReadonlyMap<string, PersonPolicy>
  /** The policy's roles of people who log in through the broker, and may. */
  brokered: ReadonlyMap<string, readonly string[]>
  revokeShare: number
  /** What the policy asks for and cannot be given, and why. */
  notes: readonly string[]
}

/** "alice@localhost"; without a host, localhost. */
export function parseAccount(text: string): AccountName {
  const at = text.lastIndexOf('@')
  return at < 0
    ? { user: text, host: 'localhost' }
    : { user: text.slice(0, at), host: text.slice(at + 1) }
}

/** The policy, the people on record and what is granted to them now, as accounts and roles. */
export function desiredAccess(
  policy: AccessPolicy,
  observed: ObservedAccess,
  context: RightsContext,
): DesiredAccess {
  const notes: string[] = []
  const principals = [
    ...desiredRoles(policy, observed, context, notes),
    ...desiredApplications(policy, observed, context, notes),
    ...desiredPeople(policy, observed, notes),
  ]
  return {
    principals:
      observed.family === 'mariadb'
        ? onceEach(
            principals.flatMap(each => underOneRole(each, observed)),
            notes,
          )
        : principals,
    administrators: policy.administrators.map(parseAccount),
    people: policy.people,
    brokered: brokeredRoles(policy, observed),
    revokeShare: policy.revokeShare,
    notes,
  }
}

function desiredRoles(
  policy: AccessPolicy,
  observed: ObservedAccess,
  context: RightsContext,
  notes: string[],
): DesiredPrincipal[] {
  return [...policy.roles].map(([name, role]) => ({
    account: roleAccount(observed.family, name),
    kind: 'role',
    name,
    person: null,
    make: true,
    rights: wantedRights(`role ${name}`, role, observed, context, notes),
    roles: role.roles.map(each => roleAccount(observed.family, each)),
    adminOf: role.adminOf.map(each => roleAccount(observed.family, each)),
    defaultRoles: null,
    tls: null,
    maxConnections: null,
  }))
}

function desiredApplications(
  policy: AccessPolicy,
  observed: ObservedAccess,
  context: RightsContext,
  notes: string[],
): DesiredPrincipal[] {
  return [...policy.applications].flatMap(([name, application]) => {
    const rights = wantedRights(`application ${name}`, application, observed, context, notes)
    const roles = application.roles.map(each => roleAccount(observed.family, each))
    const adminOf = application.adminOf.map(each => roleAccount(observed.family, each))
    const { defaultRoles, maxConnections, tls } = application
    return application.accounts.map(text => {
      const account = parseAccount(text)
      return {
        account,
        kind: 'application' as const,
        name,
        person: null,
        make: true,
        rights,
        roles,
        adminOf,
        defaultRoles: defaultRoles === null ? null : defaultRoles ? roles : [],
        tls: tls === null ? null : needsTls(tls, account),
        maxConnections,
      }
    })
  })
}

/**
 * The accounts of people: those that the policy names, and those on record. An identity
 * account holds nothing, and session accounts are made and ended by the broker.
 */
function desiredPeople(
  policy: AccessPolicy,
  observed: ObservedAccess,
  notes: string[],
): DesiredPrincipal[] {
  const known = new Set([
    ...policy.people.keys(),
    ...observed.records.flatMap(({ person }) => (person === null ? [] : [person])),
  ])
  return [...known].flatMap(person => {
    const state = observed.people.find(each => each.person === person)?.state ?? 'active'
    const wish = policy.people.get(person)
    if (state === 'left' && wish) {
      notes.push(`${person} has left: the name stays reserved, and gets nothing`)
    }
    const roles = state === 'active' ? rolesOfPerson(person, policy, observed, notes) : []
    return accountsOfPerson(person, state === 'left' ? undefined : wish, observed).map(
      ({ account, make, isIdentity }) =>
        personAccount(person, account, make, isIdentity ? [] : roles, policy, observed),
    )
  })
}

function brokeredRoles(
  policy: AccessPolicy,
  { records, people }: ObservedAccess,
): Map<string, string[]> {
  const brokered = records.filter(({ kind }) => kind === 'identity')
  const may = brokered.flatMap(({ person }) => {
    const state = people.find(each => each.person === person)?.state ?? 'active'
    return person === null || state === 'left' ? [] : [person]
  })
  return new Map(
    may.map(person => {
      const roles = policy.people.get(person)?.roles ?? []
      return [person, roles.filter(role => policy.roles.has(role))]
    }),
  )
}

function rolesOfPerson(
  person: string,
  policy: AccessPolicy,
  observed: ObservedAccess,
  notes: string[],
): string[] {
  const leased = observed.leases
    .filter(lease => lease.person === person && !lease.byPolicy)
    .map(({ role }) => role)
  const all = [...new Set([...(policy.people.get(person)?.roles ?? []), ...leased])]
  const unknown = all.filter(role => !policy.roles.has(role))
  for (const role of unknown) notes.push(`${person} was granted ${role}, which is no role any more`)
  return all.filter(role => policy.roles.has(role))
}

function accountsOfPerson(
  person: string,
  wish: PersonPolicy | undefined,
  { records }: ObservedAccess,
): { account: AccountName; make: boolean; isIdentity: boolean }[] {
  const own = records.filter(each => each.person === person)
  const isKind = (record: AccountRecord, kind: AccountRecord['kind']): boolean =>
    record.kind === kind
  const identities = own.filter(record => isKind(record, 'identity'))
  const declared = identities.length > 0 ? [] : (wish?.accounts ?? []).map(parseAccount)
  const keys = new Set(declared.map(accountKey))
  const recorded = own.filter(
    record => isKind(record, 'adopted') && !keys.has(accountKey(record.account)),
  )
  return [
    ...declared.map(account => ({ account, make: true, isIdentity: false })),
    ...recorded.map(({ account }) => ({ account, make: false, isIdentity: false })),
    ...identities.map(({ account }) => ({ account, make: false, isIdentity: true })),
  ]
}

function personAccount(
  person: string,
  account: AccountName,
  make: boolean,
  names: readonly string[],
  policy: AccessPolicy,
  { family }: ObservedAccess,
): DesiredPrincipal {
  const held = names.flatMap(name => policy.roles.get(name) ?? [])
  const limits = held.flatMap(({ maxConnections }) => maxConnections ?? [])
  const roles = names.map(name => roleAccount(family, name))
  return {
    account,
    kind: 'person',
    name: person,
    person,
    make,
    rights: [],
    roles,
    adminOf: [],
    defaultRoles: roles,
    tls: held.some(({ tls }) => needsTls(tls, account)) ? true : null,
    maxConnections: limits.length > 0 ? Math.max(...limits) : null,
  }
}

const LOCAL = new Set(['localhost', '127.0.0.1', '::1'])

function needsTls(wish: TlsWish, { host }: AccountName): boolean {
  return wish === 'always' || (wish === 'remote' && !LOCAL.has(host))
}

/**
 * MariaDB turns on one role at login, so who has several gets one that holds them,
 * roles_of_NAME; `ecomdb grant` makes the same. Who has it keeps it when one role is left.
 */
function underOneRole(principal: DesiredPrincipal, observed: ObservedAccess): DesiredPrincipal[] {
  const { kind, name, roles, defaultRoles, account } = principal
  const above = { user: umbrellaName(principal), host: '' }
  const found = observed.principals.find(each => accountKey(each.account) === accountKey(account))
  const isHeld = found?.roles.some(({ role }) => accountKey(role) === accountKey(above)) ?? false
  const isManaged = kind !== 'role' && defaultRoles?.length === roles.length
  if (!isManaged || principal.adminOf.length > 0 || (roles.length < 2 && !isHeld)) {
    return [principal]
  }
  const umbrella: DesiredPrincipal = {
    ...principal,
    account: above,
    kind: 'role',
    name: `the roles of ${name}`,
    person: null,
    make: true,
    isUmbrella: true,
    rights: [],
    defaultRoles: null,
    tls: null,
    maxConnections: null,
  }
  return [umbrella, { ...principal, roles: [above], defaultRoles: [above] }]
}

/** Accounts of one person share it; those of programs do not, whatever they are called. */
function umbrellaName({ kind, account }: DesiredPrincipal): string {
  return `roles_of_${kind === 'person' ? account.user : accountText(account)}`
}

/** Where accounts of different people have one name, the role above holds what all may have. */
function onceEach(principals: readonly DesiredPrincipal[], notes: string[]): DesiredPrincipal[] {
  const found = new Map<string, DesiredPrincipal>()
  for (const next of principals) {
    const key = accountKey(next.account)
    const before = found.get(key)
    if (before && before.name !== next.name) {
      notes.push(`${before.name} and ${next.name} log in by one name: both get what both may have`)
    }
    const both = new Set(before?.roles.map(accountKey))
    const roles = before ? next.roles.filter(role => both.has(accountKey(role))) : next.roles
    found.set(key, { ...next, roles })
  }
  return [...found.values()]
}
