import { expect, test } from 'vitest'
import type { AccountEntry } from '#domain/backup/manifest'
import { isPerson, maskHashes } from '#domain/backup/restored-accounts'

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
  expect(isPerson(account('ecomdb_backup'), [])).toBe(false)
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
