import { expect, test } from 'vitest'
import type { AccountEntry, Manifest } from '#domain/backup/manifest'
import { withoutLeavers } from '#domain/backup/without-leavers'

const account = (user: string, kind: AccountEntry['kind'] = 'account'): AccountEntry => ({
  user,
  host: '%',
  kind,
  create: [],
  grants: [],
})

const view = { kind: 'view', schema: 's', name: 'v', create: 'CREATE DEFINER=`ann`@`%` VIEW v' }
const quoted = {
  kind: 'function',
  schema: 's',
  name: 'f',
  create: 'CREATE DEFINER="ann"@"%" FUNCTION "f"()',
}
const others = { ...view, name: 'w', create: 'CREATE DEFINER=`bob`@`%` VIEW w' }

const manifest = {
  accounts: [account('ann'), account('bob'), account('ann', 'role')],
  programs: [view, quoted, others],
} as unknown as Manifest

test('who has left is not brought back, and what ran as them is named', () => {
  const { manifest: without, notes } = withoutLeavers(manifest, [
    { user: 'ann', host: '%' },
    { user: 'zoe', host: '%' },
  ])
  expect(without.accounts).toEqual([account('bob'), account('ann', 'role')])
  expect(notes.join()).toContain("not brought back: 'ann'@'%'")
  expect(notes.join()).toContain('view v runs as one of them')
  expect(notes.join()).toContain('function f runs as one of them')
  expect(notes.join()).not.toContain('view w')
  expect(withoutLeavers(manifest, [])).toEqual({ manifest, notes: [] })
})

test('nobody may act as who has left', () => {
  const mysql = 'GRANT PROXY ON `ann`@`%` TO `bob`@`%`'
  const mariadb = "GRANT PROXY ON 'ann'@'%' TO 'bob'@'%' WITH GRANT OPTION"
  const other = "GRANT PROXY ON 'anna'@'%' TO 'bob'@'%'"
  const bob = { ...account('bob'), grants: [mysql, mariadb, other] }
  const left = withoutLeavers({ ...manifest, accounts: [account('ann'), bob] }, [
    { user: 'ann', host: '%' },
  ])
  expect(left.manifest.accounts).toEqual([{ ...bob, grants: [other] }])
})

test('nobody has the rights of who has left as a role', () => {
  const grants = [
    'GRANT `ann`@`%`,`reader`@`%` TO `bob`@`%` WITH ADMIN OPTION',
    'GRANT `ann`@`%` TO `bob`@`%`',
    'SET DEFAULT ROLE `reader`@`%`, `ann`@`%` TO `bob`@`%`',
    'GRANT USAGE ON *.* TO `ann`@`%`',
  ]
  const left = withoutLeavers(
    { ...manifest, accounts: [account('ann'), { ...account('bob'), grants }] },
    [{ user: 'ann', host: '%' }],
  )
  expect(left.manifest.accounts[0]?.grants).toEqual([
    'GRANT `reader`@`%` TO `bob`@`%` WITH ADMIN OPTION',
    'SET DEFAULT ROLE `reader`@`%` TO `bob`@`%`',
    'GRANT USAGE ON *.* TO `ann`@`%`',
  ])
  expect(left.notes.join('\n')).toContain(`left out, for it is about one of them: ${grants[1]}`)
})
