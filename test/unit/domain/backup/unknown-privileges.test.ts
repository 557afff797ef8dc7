import { expect, test } from 'vitest'
import type { AccountEntry } from '#domain/backup/manifest'
import {
  privilegesOf,
  unknownPrivileges,
  withoutPrivileges,
} from '#domain/backup/unknown-privileges'

const KNOWN = ['SELECT', 'GRANT OPTION', 'BACKUP_ADMIN']

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
  expect(unknownPrivileges(ACCOUNTS, null)).toEqual([])
  expect(privilegesOf(ACCOUNTS, new Set(unknown))).toEqual(["GONE_ADMIN, OTHER_GONE of 'o'b'@'%'"])
  const kept = withoutPrivileges(ACCOUNTS, new Set(unknown))
  expect(kept[0]?.grants).toEqual([
    ...(ACCOUNTS[0]?.grants.slice(0, 2) ?? []),
    'GRANT BACKUP_ADMIN ON *.* TO `o`@`%` WITH GRANT OPTION',
    ...(ACCOUNTS[0]?.grants.slice(4) ?? []),
  ])
  expect(kept[1]).toEqual(ACCOUNTS[1])
})
