import { expect, test } from 'vitest'
import { roleChange } from '#engine/shared/binlog/role-changes'

const ann = { user: 'ann', host: 'localhost' }
const changeOf = (statement: string) => roleChange({ kind: 'invoker', statement, ...ann })

test.each([
  ['GRANT r TO bob', { kind: 'grant', role: 'r', to: [{ user: 'bob', host: '' }], admin: false }],
  [
    "GRANT `a``b` TO 'bob'@'10.0.0.%', CURRENT_USER() WITH ADMIN OPTION",
    { kind: 'grant', role: 'a`b', to: [{ user: 'bob', host: '10.0.0.%' }, ann], admin: true },
  ],
  [
    '/* app */ revoke admin option for r from ann@localhost;',
    { kind: 'revoke', role: 'r', from: [ann], adminOnly: true },
  ],
  ['REVOKE r FROM CURRENT_USER', { kind: 'revoke', role: 'r', from: [ann], adminOnly: false }],
  ['DROP ROLE IF EXISTS r, `s`', { kind: 'drop', roles: ['r', 's'] }],
  [
    'CREATE ROLE r',
    { kind: 'create', roles: ['r'], ifMissing: false, admin: ann, words: 'CREATE ROLE r' },
  ],
])('%s', (statement, change) => {
  expect(changeOf(statement)).toEqual(change)
})

test.each([
  'GRANT SELECT ON a.b TO bob',
  "GRANT SELECT, INSERT ON a.b TO 'bob'@'%' WITH GRANT OPTION",
  'GRANT PROXY ON ann TO bob',
  'REVOKE ALL PRIVILEGES, GRANT OPTION FROM bob',
  'CREATE USER bob',
])('nothing about roles: %s', statement => {
  expect(changeOf(statement)).toBeNull()
})
