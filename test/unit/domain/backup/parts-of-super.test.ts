import { expect, test } from 'vitest'
import { lostWithSuper } from '#domain/backup/parts-of-super'
import { superFindings } from '#workflow/restore/super-findings'

const SUPER = 'GRANT SELECT, SUPER, BINLOG MONITOR ON *.* TO `ops`@`%`'

test('what SUPER had in it is lost where the versions lie on both sides of the change', () => {
  const lost = lostWithSuper([SUPER], '10.6.20-MariaDB', '11.4.2-MariaDB')
  expect(lost).toHaveLength(9)
  expect(lost).toContain('READ_ONLY ADMIN')
  expect(lost).not.toContain('BINLOG MONITOR')
  expect(lostWithSuper([SUPER], '10.11.19-MariaDB', '11.4.2-MariaDB')).not.toContain(
    'READ_ONLY ADMIN',
  )
  expect(lostWithSuper([SUPER], '10.6.20-MariaDB', '10.11.19-MariaDB')).toEqual(['READ_ONLY ADMIN'])
  expect(lostWithSuper([SUPER], '10.6.20-MariaDB', '10.6.21-MariaDB')).toEqual([])
  expect(lostWithSuper([SUPER], '11.4.2-MariaDB', '11.8.2-MariaDB')).toEqual([])
  const all = 'GRANT ALL PRIVILEGES ON *.* TO `ops`@`%` WITH GRANT OPTION'
  expect(lostWithSuper([all], '10.6.20-MariaDB', '11.4.2-MariaDB')).toEqual([])
})

test('of accounts that the restore makes it is a finding, with what to grant', () => {
  const account = (user: string, kind: 'account' | 'role') => ({
    ...{ user, host: kind === 'role' ? '' : '%', kind, create: [] },
    grants: [SUPER],
  })
  const accounts = [
    account('ops', 'account'),
    account('ops_role', 'role'),
    account('kept', 'account'),
  ]
  const source = { engine: 'mariadb' as const, serverVersion: '10.6.20-MariaDB', accounts }
  const made = { databases: [], accounts: accounts.slice(0, 2) }
  expect(superFindings({ serverVersion: '10.11.19-MariaDB' }, source, made)).toEqual([
    expect.stringMatching(
      /: GRANT READ_ONLY ADMIN ON \*\.\* TO 'ops'@'%'; GRANT READ_ONLY ADMIN ON \*\.\* TO `ops_role`$/,
    ),
  ])
  expect(superFindings({ serverVersion: '9.7.4' }, { ...source, engine: 'mysql' }, made)).toEqual(
    [],
  )
})
