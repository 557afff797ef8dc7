import { expect, test } from 'vitest'
import { compareAccounts } from '#domain/backup/compare-accounts'
import type { AccountEntry } from '#domain/backup/manifest'
import { roleAdministrator, withoutMissingAdministrators } from '#domain/backup/role-administrators'

const ann: AccountEntry = { user: 'ann', host: '%', kind: 'account', create: ['C'], grants: [] }
const given = "GRANT `r` TO 'ann'@'%' WITH ADMIN OPTION"
const shown = 'GRANT `r` TO `ann`@`%` WITH ADMIN OPTION'
const role: AccountEntry = {
  ...{ user: 'r', host: '', kind: 'role', create: ['CREATE ROLE `r`', given], grants: [] },
}

test('who administers a role, as both ways of quoting say it', () => {
  expect(roleAdministrator(given)).toEqual({ role: 'r', user: 'ann', host: '%' })
  expect(roleAdministrator(shown)).toEqual({ role: 'r', user: 'ann', host: '%' })
  expect(roleAdministrator("GRANT `a``b` TO 'o''x\\\\y'@'1' WITH ADMIN OPTION")).toEqual({
    ...{ role: 'a`b', user: "o'x\\y", host: '1' },
  })
  expect(roleAdministrator('GRANT `r` TO `boss` WITH ADMIN OPTION')?.host).toBe('')
  expect(roleAdministrator('GRANT `r` TO `ann`@`%`')).toBeNull()
  expect(roleAdministrator('GRANT USAGE ON *.* TO PUBLIC')).toBeNull()
})

test('a role that nobody is left to administer', () => {
  expect(withoutMissingAdministrators([ann, role], [])).toEqual({
    ...{ accounts: [ann, role], orphans: [] },
  })
  const alone = withoutMissingAdministrators([role], [])
  expect(alone.accounts[0]?.create).toEqual(['CREATE ROLE `r`'])
  expect(alone.orphans).toMatchObject([{ administrators: [{ user: 'ann', host: '%' }] }])
})

test('a restore is compared with who administers it, wherever the server shows that', () => {
  const changes = { accounts: true, locked: [], kept: [], unknownPrivileges: [], refusedGrants: [] }
  const compare = (found: AccountEntry[]) =>
    compareAccounts(
      { accounts: [ann, role], leftOut: [] },
      found,
      { databases: null, eventsDisabled: true, ...changes },
      () => false,
    )[0]?.differences
  const plain = { ...role, create: ['CREATE ROLE `r`'] }
  expect(compare([{ ...ann, grants: [shown] }, role])).toEqual([])
  expect(compare([{ ...ann, grants: [shown] }, plain])).toEqual([])
  expect(compare([ann, role])).toEqual([])
  expect(compare([ann, plain])).toEqual(["role 'r'@'' is not administered by 'ann'@'%'"])
  const other = shown.replace('`r`', '`s`')
  expect(compare([{ ...ann, grants: [other] }, role])).toEqual([
    `account 'ann'@'%' has what it had not: ${other}`,
  ])
})
