import { expect, test } from 'vitest'
import { effectiveRights, rightsOn } from '#domain/access/effective'
import { accountText, type ObservedAccess } from '#domain/access/observed'
import { parseRights, rightText } from '#domain/access/right'
import { accountOf, observedAccess, principalOf } from '#test/observed-access'

const ALICE = accountOf('alice@localhost')

/** "SELECT ON shop.a by role: reader > writer" */
function ways(observed: ObservedAccess, thing: { schema: string; name: string }): string[] {
  return rightsOn(observed, ALICE, thing).map(
    ({ right, by, through }) =>
      `${rightText(right)} by ${by}: ${through.map(accountText).join(' > ')}`,
  )
}

test('rights come from the account, its roles, their roles, mandatory roles and PUBLIC', () => {
  const observed = observedAccess(
    [
      principalOf('alice@localhost', ['SELECT (id) ON shop.orders'], { member: ['reader'] }),
      principalOf('reader', ['SELECT ON shop.views'], { kind: 'role', member: ['writer'] }),
      // In a circle, and still an end.
      principalOf('writer', ['INSERT ON `sh%`.*'], { kind: 'role', member: ['reader'] }),
      principalOf('all', ['SELECT ON *.*'], { kind: 'role' }),
      principalOf('PUBLIC', ['SELECT ON shop.orders'], { kind: 'public' }),
      principalOf('bob@localhost', ['DELETE ON shop.orders']),
    ],
    { mandatoryRoles: [accountOf('all')] },
  )
  expect(effectiveRights(observed, ALICE)).toHaveLength(5)
  expect(ways(observed, { schema: 'shop', name: 'orders' })).toEqual([
    'SELECT (id) ON shop.orders by itself: ',
    'INSERT ON `sh%`.* by role: reader > writer',
    'SELECT ON *.* by mandatory role: all',
    'SELECT ON shop.orders by public: PUBLIC',
  ])
  expect(effectiveRights(observed, accountOf('nobody@localhost'))).toEqual([])
})

test('a partial revoke takes from the server-wide right alone', () => {
  const observed = observedAccess([
    principalOf('alice@localhost', ['SELECT ON *.*', 'SELECT ON mysql.user'], {
      restrictions: parseRights('SELECT ON mysql.*') ?? [],
    }),
  ])
  expect(ways(observed, { schema: 'mysql', name: 'user' })).toEqual([
    'SELECT ON mysql.user by itself: ',
  ])
  expect(ways(observed, { schema: 'shop', name: 'orders' })).toEqual(['SELECT ON *.* by itself: '])
})
