import { expect, test } from 'vitest'
import type { AccountEntry } from '#domain/backup/manifest'
import { grantTarget, isPerson, maskHashes, serviceNotes } from '#domain/backup/restored-accounts'

const account = (user: string, kind: AccountEntry['kind'] = 'account'): AccountEntry => ({
  user,
  host: '%',
  kind,
  create: [],
  grants: [],
})

test('people are accounts that are neither ecomdb’s, nor named as programs, nor roles', () => {
  expect(isPerson(account('ada'), ['webshop'])).toBe(true)
  expect(isPerson(account('webshop'), ['webshop'])).toBe(false)
  expect(isPerson(account('webshop'), ['webshop@%'])).toBe(false)
  expect(isPerson(account('webshop'), ["'webshop'@'%'"])).toBe(false)
  expect(isPerson(account('webshop'), ['webshop@localhost'])).toBe(true)
  expect(serviceNotes([account('webshop')], ['webshop', 'webshop@localhost', 'webshp'])).toEqual([
    '--service webshop@localhost names no account of the snapshot',
    '--service webshp names no account of the snapshot',
  ])
  expect(isPerson(account('ecomdb_backup'), [])).toBe(false)
  expect(isPerson(account(''), ['webshop'])).toBe(true)
  expect(isPerson(account(''), ["''@'%'"])).toBe(false)
  expect(isPerson(account('analyst', 'role'), [])).toBe(false)
})

test.each([
  ["CREATE USER 'a'@'%' IDENTIFIED BY PASSWORD '*AB\\'C' REQUIRE NONE", '*AB'],
  [
    "CREATE USER `a`@`%` IDENTIFIED WITH 'caching_sha2_password' AS '$A$005$x''y' REQUIRE SSL",
    '$A',
  ],
  ["CREATE USER `a`@`%` IDENTIFIED WITH 'x' AS 0x24412430303524AB", '0x24'],
  ["CREATE USER a IDENTIFIED VIA ed25519 USING 'ZI' OR unix_socket", 'ZI'],
  ["GRANT USAGE ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*AB'", '*AB'],
])('no hash is printed: %s', (sql, secret) => {
  const shown = maskHashes(sql)
  expect(shown).not.toContain(secret)
  expect(shown).toContain("'********'")
})

test.each([
  [
    'GRANT SELECT (` ON `) ON `a.b`.`c``d` TO `u`@`%`',
    { kind: 'table', database: 'a.b', name: 'c`d' },
  ],
  ['GRANT ALL PRIVILEGES ON `a\\_b`.* TO `u`@`%`', { kind: 'table', database: 'a_b', name: null }],
  ['GRANT EXECUTE ON PROCEDURE `a`.`p` TO `u`@`%`', { kind: 'routine', database: 'a', name: 'p' }],
  ['GRANT SELECT, PROCESS ON *.* TO `u`@`%`', null],
  ['GRANT ` ON `@`%` TO `u`@`%`', null],
])('what a grant is on: %s', (grant, target) => {
  expect(grantTarget(grant)).toEqual(target)
})
