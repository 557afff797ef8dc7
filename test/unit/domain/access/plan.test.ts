import { expect, test } from 'vitest'
import { parseAccessPolicy } from '#config/access-policy-file'
import type { AccessPlan } from '#domain/access/change'
import { desiredAccess } from '#domain/access/desired'
import { losers } from '#domain/access/losers'
import { accountText, type ObservedAccess, type ObservedObject } from '#domain/access/observed'
import { planAccess } from '#domain/access/plan'
import { placeText } from '#domain/access/right'
import { accountOf, observedAccess, principalOf } from '#test/observed-access'

const POLICY = `
administrators: [root@localhost]
roles:
  analyst: {select: [volume], max_connections: 2}
  executive: {select: [volume], execute: [performance]}
applications:
  web: {owner: web team, accounts: ['web@10.%'], tables: {orders: [SELECT, INSERT]}, tls: remote}
people:
  alice: {full_name: Alice A., roles: [analyst]}
`

const object = (name: string, kind: ObservedObject['kind']): ObservedObject => ({
  schema: 'shop',
  name,
  kind,
  definer: null,
  security: kind === 'table' ? null : 'DEFINER',
})
const OBJECTS = [
  object('volume', 'view'),
  object('performance', 'procedure'),
  object('orders', 'table'),
]

function plan(observed: ObservedAccess, policy = POLICY): AccessPlan {
  const context = { database: 'shop', stores: new Map<string, string>() }
  const desired = desiredAccess(parseAccessPolicy(policy, 'access.yaml'), observed, context)
  return planAccess(desired, observed, [accountOf('ecomdb_definer@localhost')])
}

/** "grant role alice@localhost analyst" */
function lines({ changes }: AccessPlan): string[] {
  return changes.map(change => {
    const who = 'account' in change ? accountText(change.account) : change.person
    const what =
      'place' in change
        ? `${change.privileges.join()} ${placeText(change.place)}`
        : 'role' in change
          ? typeof change.role === 'string'
            ? change.role
            : change.role.user
          : 'roles' in change
            ? change.roles.map(({ user }) => user).join()
            : ''
    return `${change.do} ${who} ${what}`.trim()
  })
}

/** The server after everything was done that the policy says. */
function settled(more: Partial<ObservedAccess> = {}): ObservedAccess {
  return observedAccess(
    [
      principalOf('root@localhost', ['SELECT ON *.*', 'GRANT OPTION ON *.*']),
      principalOf('ecomdb_definer@localhost', ['SELECT ON shop.orders']),
      principalOf('analyst', ['SELECT ON shop.volume'], { kind: 'role' }),
      principalOf('executive', ['EXECUTE ON PROCEDURE shop.Performance', 'SELECT ON shop.volume'], {
        kind: 'role',
      }),
      principalOf('web@10.%', ['INSERT ON shop.orders', 'SELECT ON shop.orders'], { tls: 'ANY' }),
      principalOf('alice@localhost', [], {
        member: ['analyst'],
        defaultRoles: [accountOf('analyst')],
        maxConnections: 2,
      }),
    ],
    {
      objects: OBJECTS,
      people: [{ person: 'alice', fullName: 'Alice A.', email: null, state: 'active' }],
      records: [
        { account: accountOf('analyst'), person: null, kind: 'role' },
        { account: accountOf('executive'), person: null, kind: 'role' },
        { account: accountOf('web@10.%'), person: null, kind: 'application' },
        { account: accountOf('alice@localhost'), person: 'alice', kind: 'adopted' },
      ],
      ...more,
    },
  )
}

test('an empty server: on record first, then made, then granted', () => {
  const made = plan(observedAccess([], { objects: OBJECTS }))
  expect(lines(made)).toEqual([
    'record person alice',
    'record account analyst',
    'record account executive',
    'record account web@10.%',
    'record account alice@localhost',
    'create role analyst',
    'create role executive',
    'create account web@10.%',
    'create account alice@localhost',
    'grant analyst SELECT shop.volume',
    'grant executive SELECT shop.volume',
    'grant executive EXECUTE PROCEDURE shop.performance',
    'grant web@10.% SELECT,INSERT shop.orders',
    'grant role alice@localhost analyst',
    'default roles alice@localhost analyst',
    'require tls web@10.%',
    'limit connections alice@localhost',
  ])
  expect(made).toMatchObject({ findings: [], revoked: 0 })
})

test('nothing is done when all is as it shall be, whatever the order of rows and privileges', () => {
  expect(plan(settled())).toMatchObject({ changes: [], findings: [], notes: [] })
})

test('what is beyond the policy is revoked after what is granted', () => {
  const { principals, ...rest } = settled()
  const changed = principals.map(each => {
    if (each.account.user === 'analyst') {
      return principalOf('analyst', ['SELECT ON shop.orders', 'GRANT OPTION ON shop.orders'], {
        kind: 'role',
      })
    }
    return each.account.user === 'alice' ? { ...each, roles: [] } : each
  })
  const made = plan({ ...rest, principals: changed })
  expect(lines(made)).toEqual([
    'grant analyst SELECT shop.volume',
    'grant role alice@localhost analyst',
    'revoke analyst SELECT,GRANT OPTION shop.orders',
  ])
  expect(made).toMatchObject({ revoked: 2, revokesMuch: false })
})

test('who is not on record is reported, and never changed; its role is given to nobody', () => {
  const { records, principals, ...rest } = settled()
  const made = plan({
    ...rest,
    principals: [...principals, principalOf('mallory@%', ['SELECT ON shop.*', 'FILE ON *.*'])],
    records: records.filter(({ account }) => account.user !== 'analyst'),
  })
  expect(lines(made)).toEqual([
    'default roles alice@localhost',
    'revoke role alice@localhost analyst',
  ])
  expect(made.findings.map(({ kind, account }) => `${kind} ${accountText(account)}`)).toEqual([
    'not adopted analyst',
    'unknown mallory@%',
  ])
  expect(made.findings[1]?.what).toContain('it holds SELECT ON shop.*, FILE ON *.*')
})

test('who leaves the policy loses all; much of it needs to be asked for', () => {
  const made = plan(settled(), 'administrators: [root@localhost]')
  expect(lines(made)).toEqual([
    'default roles alice@localhost',
    'revoke role alice@localhost analyst',
    'revoke web@10.% INSERT,SELECT shop.orders',
    'lock web@10.%',
    'drop role analyst',
    'drop role executive',
    'forget account analyst',
    'forget account executive',
  ])
  expect(made).toMatchObject({ revoked: 6, held: 6, revokesMuch: true })
})

test('what is granted for a time is held beside what stands in the policy', () => {
  const made = plan(settled({ leases: [{ person: 'alice', role: 'executive' }] }))
  // MariaDB turns on one role at login.
  expect(lines(made)).toEqual([
    'record account roles_of_alice',
    'create role roles_of_alice',
    'grant role roles_of_alice analyst',
    'grant role roles_of_alice executive',
    'grant role alice@localhost roles_of_alice',
    'default roles alice@localhost roles_of_alice',
    'revoke role alice@localhost analyst',
  ])
})

test('what grant made on MariaDB is what apply would have made, and stays when the lease is over', () => {
  const { principals, ...rest } = settled()
  const umbrella = accountOf('roles_of_alice')
  const given = principals.map(each =>
    each.account.user === 'alice'
      ? { ...each, roles: [{ role: umbrella, admin: false }], defaultRoles: [umbrella] }
      : each,
  )
  const above = (...member: string[]) => principalOf('roles_of_alice', [], { kind: 'role', member })
  const leases = [{ person: 'alice', role: 'executive' }]
  const during = { ...rest, principals: [...given, above('analyst', 'executive')], leases }
  expect(plan(during)).toMatchObject({ changes: [], findings: [] })
  const after = { ...rest, principals: [...given, above('analyst')] }
  expect(plan(after)).toMatchObject({ changes: [], findings: [] })
})

test('who has left, or is locked, holds nothing, whatever the policy says', () => {
  const people = [{ person: 'alice', fullName: 'Alice A.', email: null, state: 'left' as const }]
  const made = plan(settled({ people }))
  expect(lines(made)).toEqual([
    'default roles alice@localhost',
    'revoke role alice@localhost analyst',
  ])
  expect(made.notes).toEqual(['alice has left: the name stays reserved, and gets nothing'])
})

test('an identity account holds nothing, and no other is made beside it', () => {
  const { records, ...rest } = settled()
  const identity = records.map(each =>
    each.person === 'alice' ? { ...each, kind: 'identity' as const } : each,
  )
  // The role is for the sessions that the broker makes.
  expect(lines(plan({ ...rest, records: identity }))).toEqual([
    'begin lease alice analyst',
    'default roles alice@localhost',
    'revoke role alice@localhost analyst',
  ])
  const byPolicy = true
  const leases = [
    { person: 'alice', role: 'analyst', byPolicy },
    { person: 'alice', role: 'executive', byPolicy },
    { person: 'rob', role: 'analyst', byPolicy },
  ]
  expect(lines(plan({ ...rest, records: identity, leases })).slice(0, 2)).toEqual([
    'end lease alice executive',
    'end lease rob analyst',
  ])
})

test('what is not there is told, and not granted; a table is no view', () => {
  const objects = [object('volume', 'table')]
  const { changes, notes } = plan(observedAccess([], { objects }))
  expect(changes.filter(change => change.do === 'grant')).toEqual([])
  expect(notes).toEqual([
    'role analyst: volume is a table and no view, so it is not given by select',
    'role executive: volume is a table and no view, so it is not given by select',
    'executive: not granted, as it does not exist yet: EXECUTE ON PROCEDURE shop.performance',
    'web@10.%: not granted, as it does not exist yet: SELECT ON shop.orders',
    'web@10.%: not granted, as it does not exist yet: INSERT ON shop.orders',
  ])
})

test('what everybody holds is told', () => {
  const { principals, ...rest } = settled({ mandatoryRoles: [accountOf('analyst')] })
  const everybody = principalOf('PUBLIC', ['SELECT ON shop.volume'], { kind: 'public' })
  const made = plan({ ...rest, principals: [...principals, everybody] })
  expect(made.findings.map(({ kind, account }) => `${kind} ${account.user}`)).toEqual([
    'everybody PUBLIC',
    'everybody analyst',
  ])
})

test('who loses something is who is on record: not the administrator who made the role', () => {
  const observed = settled()
  const principals = observed.principals.map(each =>
    each.account.user === 'root'
      ? { ...each, roles: [{ role: accountOf('analyst'), admin: true }] }
      : each,
  )
  const lost = (what: AccessPlan['changes'][number]): string[] =>
    losers([what], { ...observed, principals }).map(accountText)
  const place = { on: 'server' as const }
  const revoke = (name: string) =>
    lost({ do: 'revoke', account: accountOf(name), place, privileges: ['PROCESS'] })
  expect(revoke('analyst')).toEqual(['alice@localhost'])
  expect(revoke('web@10.%')).toEqual(['web@10.%'])
  expect(
    lost({ do: 'grant', account: accountOf('analyst'), place, privileges: ['PROCESS'] }),
  ).toEqual([])
})
