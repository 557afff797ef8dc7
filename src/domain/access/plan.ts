import type { AccountName } from '../schema/service-accounts.ts'
import type { AccessPlan, Change } from './change.ts'
import { compareHolders } from './compare-holders.ts'
import type { DesiredAccess, DesiredPrincipal } from './desired.ts'
import {
  type AccountRecord,
  accountKey,
  accountText,
  type ObservedAccess,
  type Principal,
} from './observed.ts'
import { strangers } from './strangers.ts'

/** So few are never much. */
const FEW = 3

/** Earlier first: an account must be there before it is given something, and so on. */
const ORDER: readonly Change['do'][] = [
  ...(['record person', 'record account', 'create role', 'create account', 'grant'] as const),
  ...(['begin lease', 'end lease'] as const),
  ...(['grant role', 'revoke admin option', 'default roles', 'require tls'] as const),
  ...(['limit connections', 'revoke role', 'revoke', 'lock', 'drop role'] as const),
  'forget account',
]

/**
 * What it takes to get from what is there to what shall be. Pure: sets are compared, under
 * the server's names, so the order of rows and the spelling of a policy change nothing.
 * Who is not on record is never changed: it becomes a finding.
 *
 * @param services ecomdb's own accounts, which provision looks after
 */
export function planAccess(
  desired: DesiredAccess,
  observed: ObservedAccess,
  services: readonly AccountName[],
): AccessPlan {
  const records = new Map(observed.records.map(each => [accountKey(each.account), each]))
  const there = new Map(observed.principals.map(each => [accountKey(each.account), each]))
  const waiting = desired.principals.filter(
    ({ account, isUmbrella }) =>
      !isUmbrella && there.has(accountKey(account)) && !records.has(accountKey(account)),
  )
  const ours = desired.principals.filter(
    each => !waiting.includes(each) && (each.make || there.has(accountKey(each.account))),
  )
  const notes = [...desired.notes]
  const isWaiting = new Set(waiting.map(({ account }) => accountKey(account)))
  const compared = ours.map(each =>
    compareHolders(
      withoutRoles(each, isWaiting, notes),
      there.get(accountKey(each.account)),
      observed,
      notes,
    ),
  )
  const changes = [
    ...missingPeople(desired, observed, ours),
    ...ours.flatMap(each => setUp(each, records, there)),
    ...compared.flat(),
    ...leaseChanges(desired, observed),
    ...endings(desired, observed, there),
  ]
  const held = heldBy(
    [...observed.records].flatMap(({ account }) => there.get(accountKey(account)) ?? []),
  )
  const revoked = changes.reduce((sum, change) => sum + weightOf(change, there), 0)
  return {
    flavor: observed.flavor,
    changes: changes.toSorted((a, b) => ORDER.indexOf(a.do) - ORDER.indexOf(b.do)),
    findings: strangers(desired, observed, services, waiting),
    notes: [...new Set(notes)],
    revoked,
    held,
    revokesMuch: revoked > FEW && revoked > desired.revokeShare * held,
  }
}

/** A role that is there and not adopted may hold anything: it is not given to anybody. */
function withoutRoles(
  principal: DesiredPrincipal,
  waiting: ReadonlySet<string>,
  notes: string[],
): DesiredPrincipal {
  const isFree = (role: AccountName): boolean => !waiting.has(accountKey(role))
  for (const role of principal.roles.filter(each => !isFree(each))) {
    notes.push(
      `${accountText(principal.account)} does not get ${role.user}: the role is there and not adopted`,
    )
  }
  return {
    ...principal,
    roles: principal.roles.filter(isFree),
    defaultRoles: principal.defaultRoles?.filter(isFree) ?? null,
  }
}

/** What the policy gives to people of the broker: a lease each, which their next session finds. */
function leaseChanges({ brokered }: DesiredAccess, { leases }: ObservedAccess): Change[] {
  const have = leases.filter(({ byPolicy }) => byPolicy)
  const isHeld = (person: string, role: string): boolean =>
    have.some(lease => lease.person === person && lease.role === role)
  const begun = [...brokered].flatMap(([person, roles]) =>
    roles
      .filter(role => !isHeld(person, role))
      .map(role => ({ do: 'begin lease' as const, person, role })),
  )
  const ended = have
    .filter(({ person, role }) => !brokered.get(person)?.includes(role))
    .map(({ person, role }) => ({ do: 'end lease' as const, person, role }))
  return [...begun, ...ended]
}

function missingPeople(
  { people }: DesiredAccess,
  observed: ObservedAccess,
  ours: readonly DesiredPrincipal[],
): Change[] {
  const known = new Set(observed.people.map(({ person }) => person))
  const wanted = new Set(ours.flatMap(({ person }) => (person === null ? [] : [person])))
  return [...wanted]
    .filter(person => !known.has(person))
    .map(person => {
      const { fullName = person, email = null } = people.get(person) ?? {}
      return { do: 'record person', person, fullName, email }
    })
}

/** On record first: a crash after it leaves an account that is made, and known, next time. */
function setUp(
  { account, kind, person, isUmbrella }: DesiredPrincipal,
  records: ReadonlyMap<string, AccountRecord>,
  there: ReadonlyMap<string, Principal>,
): Change[] {
  const recordKind: AccountRecord['kind'] = kind === 'person' ? 'adopted' : kind
  const key = accountKey(account)
  const isNew = !there.has(key)
  return [
    ...(records.has(key) || (isUmbrella && !isNew)
      ? []
      : [{ do: 'record account' as const, account, kind: recordKind, person }]),
    ...(isNew
      ? [{ do: kind === 'role' ? ('create role' as const) : ('create account' as const), account }]
      : []),
  ]
}

/** Roles and applications that are on record and in the policy no more. */
function endings(
  desired: DesiredAccess,
  observed: ObservedAccess,
  there: ReadonlyMap<string, Principal>,
): Change[] {
  const wanted = new Set(desired.principals.map(({ account }) => accountKey(account)))
  return observed.records
    .filter(
      ({ account, kind }) =>
        ['role', 'application'].includes(kind) && !wanted.has(accountKey(account)),
    )
    .flatMap(({ account, kind }): Change[] => {
      const principal = there.get(accountKey(account))
      if (kind === 'role') {
        const drop: Change[] = principal ? [{ do: 'drop role', account }] : []
        return [...drop, { do: 'forget account', account }]
      }
      if (!principal) return [{ do: 'forget account', account }]
      const nothing = {
        account,
        kind: 'application' as const,
        name: account.user,
        person: null,
        make: false,
      }
      const none = {
        rights: [],
        roles: [],
        adminOf: [],
        defaultRoles: null,
        tls: null,
        maxConnections: null,
      }
      const lock: Change[] = principal.locked ? [] : [{ do: 'lock', account }]
      return [...compareHolders({ ...nothing, ...none }, principal, observed, []), ...lock]
    })
}

function heldBy(principals: readonly Principal[]): number {
  return principals.reduce((sum, { rights, roles }) => sum + rights.length + roles.length, 0)
}

function weightOf(change: Change, there: ReadonlyMap<string, Principal>): number {
  if (change.do === 'revoke') return change.privileges.length
  if (change.do === 'revoke role' || change.do === 'end lease') return 1
  if (change.do !== 'drop role') return 0
  const role = there.get(accountKey(change.account))
  return role ? Math.max(1, heldBy([role])) : 0
}
