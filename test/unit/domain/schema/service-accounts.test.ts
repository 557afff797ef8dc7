import { expect, test } from 'vitest'
import { missingGrants, type PrivilegeGrant } from '#domain/schema/service-accounts'

const account = { user: 'a', host: 'localhost' }
const grant = (
  schema: string | null,
  table: string | null,
  privileges: string[],
  grantOption = false,
): PrivilegeGrant => ({ schema, table, privileges, grantOption })

function missing(wanted: PrivilegeGrant[], held: PrivilegeGrant[], offered: string[]) {
  return missingGrants(
    { account, login: true, grants: wanted },
    { account, exists: true, locked: false, halfMade: false, grants: held },
    new Set(offered),
  )
}

test('what is held on everything or on the schema counts for its tables, and not the other way', () => {
  const wanted = [grant('shop', 'orders', ['SELECT', 'INSERT'])]
  expect(missing(wanted, [grant(null, null, ['SELECT'])], ['SELECT', 'INSERT'])).toEqual([
    grant('shop', 'orders', ['INSERT']),
  ])
  expect(
    missing(wanted, [grant('shop', null, ['SELECT', 'INSERT'])], ['SELECT', 'INSERT']),
  ).toEqual([])
  expect(missing(wanted, [grant('other', null, ['SELECT'])], ['SELECT'])).toEqual([
    grant('shop', 'orders', ['SELECT']),
  ])
  expect(
    missing([grant(null, null, ['SELECT'])], [grant('shop', null, ['SELECT'])], ['SELECT']),
  ).toEqual([grant(null, null, ['SELECT'])])
})

test('what the server does not offer is left out', () => {
  const wanted = [grant(null, null, ['BACKUP_ADMIN', 'BINLOG MONITOR'])]
  expect(missing(wanted, [], ['BINLOG MONITOR'])).toEqual([grant(null, null, ['BINLOG MONITOR'])])
  expect(missing(wanted, [], [])).toEqual([])
})

test('a right that may be passed on is more than the right', () => {
  const wanted = [grant('shop', null, ['SELECT'], true)]
  expect(missing(wanted, [grant('shop', null, ['SELECT'])], ['SELECT'])).toEqual(wanted)
  expect(missing(wanted, [grant(null, null, ['SELECT'], true)], ['SELECT'])).toEqual([])
})
