import { expect, test } from 'vitest'
import { definerAccounts, grantsOnRestored } from '#domain/backup/definer-grants'
import type { AccountEntry, ProgramEntry } from '#domain/backup/manifest'

const account = (user: string, kind: AccountEntry['kind'] = 'account'): AccountEntry => ({
  ...{ user, host: '%', kind },
  ...{ create: [], grants: [] },
})

const database = (name: string) => ({ name, create: '' })

test('a part of a snapshot brings the accounts that its programs run as, with rights on it', () => {
  const program = (schema: string, create: string): ProgramEntry => ({
    ...{ kind: 'view', schema, name: 'v', create, sqlMode: '' },
    ...{ characterSetClient: '', collationConnection: '', timeZone: '' },
  })
  const definer = {
    ...account('d`x'),
    grants: [
      'GRANT USAGE ON *.* TO `d``x`@`%`',
      'GRANT SELECT ON `bear\\_shop`.* TO `d``x`@`%`',
      'GRANT SELECT (` ON `) ON `bear_shop`.`t` TO `d``x`@`%`',
      'GRANT EXECUTE ON PROCEDURE `bear_shop`.`p` TO `d``x`@`%`',
      'GRANT SELECT ON `other`.* TO `d``x`@`%`',
      'GRANT `reader`@`%` TO `d``x`@`%`',
    ],
  }
  const programs = [
    program('bear_shop', 'CREATE ALGORITHM=UNDEFINED DEFINER=`d``x`@`%` SQL SECURITY DEFINER VIEW'),
    program('other', 'CREATE DEFINER=`ann`@`%` PROCEDURE `p`()'),
  ]
  const databases = [database('bear_shop'), database('other')]
  const of = { accounts: [definer, account('ann')], programs, databases, settings: {} }
  expect(definerAccounts(of, ['bear_shop'])).toEqual([
    { account: { ...definer, grants: definer.grants.slice(1, 4) }, lost: [definer.grants[5]] },
  ])
  // As it is printed of what was made under ANSI_QUOTES, and of a role of MariaDB.
  const role = { ...account('r', 'role'), host: '' }
  const quoted = [
    program('s', 'CREATE DEFINER="d`x"@"%" FUNCTION "f"()'),
    program('s', 'CREATE DEFINER="r" FUNCTION "g"()'),
  ]
  const accounts = [definer, account('ann'), role]
  const both = definerAccounts({ ...of, accounts, programs: quoted }, null)
  expect(both.map(one => one.account.user)).toEqual(['d`x', 'r'])
})

const of = (grants: string[], names = ['shop_eu', 'shop'], isLiteral = false) =>
  grantsOnRestored(grants, { names, isLiteral })

test('rights on the restored databases come by whatever grant they were had', () => {
  expect(of(['GRANT SELECT, INSERT ON `shop%`.* TO `d`@`%` WITH GRANT OPTION']).kept).toEqual([
    'GRANT SELECT, INSERT ON `shop\\_eu`.* TO `d`@`%` WITH GRANT OPTION',
    'GRANT SELECT, INSERT ON `shop`.* TO `d`@`%` WITH GRANT OPTION',
  ])
  // Of a server with partial_revokes this is a name.
  expect(of(['GRANT SELECT ON `shop%`.* TO `d`@`%`'], ['shop'], true)).toEqual({
    kept: [],
    lost: [],
  })
  expect(
    of(['GRANT SELECT ON `sh_p`.* TO `d`@`%`', 'GRANT EXECUTE ON `x%`.* TO `d`@`%`']).kept,
  ).toEqual(['GRANT SELECT ON `shop`.* TO `d`@`%`'])
  // One of them counts on a server, and the name itself before a pattern.
  const several = ['GRANT SELECT ON `%`.* TO `d`@`%`', 'GRANT INSERT ON `shop_%`.* TO `d`@`%`']
  expect(of(several, ['shop_eu']).kept).toEqual(['GRANT INSERT ON `shop\\_eu`.* TO `d`@`%`'])
  const exact = ['GRANT SELECT ON `%`.* TO `d`@`%`', 'GRANT INSERT ON `shop`.* TO `d`@`%`']
  expect(of(exact, ['shop']).kept).toEqual([exact[1]])
})

test('a grant on all that is there is one on each of them, and what it had beyond is told', () => {
  const all =
    "GRANT ALL PRIVILEGES ON *.* TO `d`@`%` IDENTIFIED BY PASSWORD '*AB' WITH GRANT OPTION"
  expect(of([all], ['shop'])).toEqual({
    kept: ['GRANT ALL PRIVILEGES ON `shop`.* TO `d`@`%`'],
    lost: [all],
  })
  const parts = [
    'GRANT SELECT, PROCESS, CREATE TEMPORARY TABLES ON *.* TO `d`@`%`',
    'GRANT AUDIT_ADMIN,SYSTEM_USER ON *.* TO `d`@`%`',
    'REVOKE SELECT ON `shop`.* FROM `d`@`%`',
    'GRANT PROXY ON `x`@`%` TO `d`@`%`',
  ]
  expect(of(parts, ['shop'])).toEqual({
    kept: ['GRANT SELECT, CREATE TEMPORARY TABLES ON `shop`.* TO `d`@`%`', parts[2]],
    lost: [parts[0], parts[1], parts[3]],
  })
  expect(of(['GRANT USAGE ON *.* TO `d`@`%`'])).toEqual({ kept: [], lost: [] })
})
