import { expect, test } from 'vitest'
import type { AccountEntry } from '#domain/backup/manifest'
import {
  privilegesOf,
  successorsOf,
  unknownPrivileges,
  withoutPrivileges,
} from '#domain/backup/unknown-privileges'

const KNOWN = ['SELECT', 'GRANT OPTION', 'REPLICATION SLAVE', 'BACKUP_ADMIN', 'SET_ANY_DEFINER']

const account = (...grants: string[]): AccountEntry => ({
  ...{ user: "o'b", host: '%', kind: 'account' },
  ...{ create: [], grants },
})

const ACCOUNTS = [
  account(
    'GRANT USAGE ON *.* TO `o`@`%`',
    'GRANT SELECT, REPLICATION SLAVE ON *.* TO `o`@`%`',
    'GRANT BACKUP_ADMIN,GONE_ADMIN ON *.* TO `o`@`%` WITH GRANT OPTION',
    'GRANT OTHER_GONE ON *.* TO `o`@`%`',
    'GRANT SELECT ON `A_B`.`C_D` TO `o`@`%`',
    'GRANT `A_ROLE`@`%` TO `o`@`%`',
    'GRANT PROXY ON `A_B`@`%` TO `o`@`%`',
  ),
  account('GRANT BACKUP_ADMIN ON *.* TO `p`@`%`'),
]

test('privileges that a server does not know are found, named and left out, and nothing else is', () => {
  const unknown = unknownPrivileges(ACCOUNTS, KNOWN)
  expect(unknown).toEqual(['GONE_ADMIN', 'OTHER_GONE'])
  expect(privilegesOf(ACCOUNTS, new Set(unknown))).toEqual(["GONE_ADMIN, OTHER_GONE of 'o'b'@'%'"])
  const kept = withoutPrivileges(ACCOUNTS, new Set(unknown))
  expect(kept[0]?.grants).toEqual([
    ...(ACCOUNTS[0]?.grants.slice(0, 2) ?? []),
    'GRANT BACKUP_ADMIN ON *.* TO `o`@`%` WITH GRANT OPTION',
    ...(ACCOUNTS[0]?.grants.slice(4) ?? []),
  ])
  expect(kept[1]).toEqual(ACCOUNTS[1])
})

test('MariaDB prints them with spaces, of a database as well', () => {
  const grant = 'GRANT SELECT, SHOW CREATE ROUTINE ON `shop`.* TO `o`@`%`'
  expect(unknownPrivileges([account(grant)], KNOWN)).toEqual(['SHOW CREATE ROUTINE'])
  const kept = withoutPrivileges([account(grant)], new Set(['SHOW CREATE ROUTINE']))
  expect(kept).toEqual([account('GRANT SELECT ON `shop`.* TO `o`@`%`')])
})

test.each([
  'GRANT ALL PRIVILEGES ON *.* TO `a`@`localhost`',
  'GRANT `SET_USER_ID ON x`@`%` TO `a`@`localhost`',
  'GRANT SELECT (`SET_USER_ID`) ON `shop`.`t` TO `a`@`localhost`',
  'SET DEFAULT ROLE `SET_USER_ID`@`%` TO `a`@`localhost`',
])('%s names no privilege of some servers only', grant => {
  expect(unknownPrivileges([account(grant)], KNOWN)).toEqual([])
})

test('what another version has in their place is said', () => {
  expect(successorsOf(['GONE_ADMIN', 'SET_USER_ID'], KNOWN)).toBe(
    'in place of SET_USER_ID it has SET_ANY_DEFINER',
  )
  expect(successorsOf(['SET_ANY_DEFINER'], KNOWN)).toBe('')
})
