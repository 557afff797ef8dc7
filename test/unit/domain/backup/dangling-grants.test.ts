import { expect, test } from 'vitest'
import { mayBeRefused, withoutDanglingGrants } from '#domain/backup/dangling-grants'
import { lostColumns, piecesByColumn } from '#domain/backup/grant-columns'
import type { AccountEntry, Manifest } from '#domain/backup/manifest'

const manifest = {
  tables: [
    {
      schema: 'shop',
      name: 'Orders',
      create: 'CREATE TABLE `Orders` (\n  `Id` int,\n  `a``,b` int\n)',
    },
  ],
  programs: [
    { kind: 'view', schema: 'shop', name: 'monthly' },
    { kind: 'procedure', schema: 'shop', name: 'Performance' },
  ],
  settings: { lower_case_table_names: '0' },
} as unknown as Pick<Manifest, 'tables' | 'programs' | 'settings'>

const of = (...grants: string[]): AccountEntry[] => [
  { user: 'ada', host: '%', kind: 'account', create: [], grants },
]

test('grants on what the snapshot has, and on whole databases and the server, stay', () => {
  const grants = [
    'GRANT USAGE ON *.* TO `ada`@`%`',
    'GRANT SELECT ON `gone`.* TO `ada`@`%`',
    'GRANT SELECT ON `shop`.`Orders` TO `ada`@`%`',
    'GRANT SELECT ON `shop`.`monthly` TO `ada`@`%`',
    'GRANT EXECUTE ON PROCEDURE `shop`.`performance` TO `ada`@`%`',
    'GRANT SELECT ON `mysql`.`user` TO `ada`@`%`',
    'GRANT `analyst` TO `ada`@`%`',
    'GRANT PROXY ON `grace`@`%` TO `ada`@`%`',
    'GRANT SELECT (`a``,b`, `id`), INSERT ON `shop`.`Orders` TO `ada`@`%`',
  ]
  expect(withoutDanglingGrants(of(...grants), manifest)).toEqual({
    accounts: of(...grants),
    leftOut: [],
  })
})

test('grants on tables and routines that are not in the snapshot are left out and named', () => {
  const dangling = [
    'GRANT SELECT ON `gone`.`t` TO `ada`@`%`',
    'GRANT SELECT (`a`) ON `shop`.`dropped` TO `ada`@`%`',
    'GRANT EXECUTE ON FUNCTION `shop`.`monthly` TO `ada`@`%`',
  ]
  const usage = 'GRANT USAGE ON *.* TO `ada`@`%`'
  expect(withoutDanglingGrants(of(usage, ...dangling), manifest)).toEqual({
    accounts: of(usage),
    leftOut: dangling,
  })
})

test('columns that were dropped are left out of a grant, and the whole grant is named', () => {
  const some =
    'GRANT SELECT (`a``,b`, `gone`), UPDATE (`gone`), INSERT ON `shop`.`Orders` TO `ada`@`%`'
  const all = 'GRANT UPDATE (`gone`) ON `shop`.`Orders` TO `ada`@`%` WITH GRANT OPTION'
  expect(withoutDanglingGrants(of(some, all), manifest)).toEqual({
    accounts: of('GRANT SELECT (`a``,b`), INSERT ON `shop`.`Orders` TO `ada`@`%`'),
    leftOut: [some, all],
  })
})

test('grants on objects of the server itself may be refused, on its databases not', () => {
  const refusable = [
    'GRANT SELECT ON `mysql`.`proc` TO `ada`@`%`',
    'GRANT EXECUTE ON FUNCTION `sys`.`gone` TO `ada`@`%`',
  ]
  const others = [
    'GRANT SELECT ON `mysql`.* TO `ada`@`%`',
    'GRANT SELECT ON `shop`.`Orders` TO `ada`@`%`',
    'GRANT `mysql` TO `ada`@`%`',
  ]
  expect([...refusable, ...others].filter(mayBeRefused)).toEqual(refusable)
})

test('a table that was renamed in its letters alone is another one where the server says so', () => {
  const grant = 'GRANT SELECT ON `shop`.`orders` TO `ada`@`%`'
  expect(withoutDanglingGrants(of(grant), manifest).leftOut).toEqual([grant])
  const folded = { ...manifest, settings: { lower_case_table_names: '1' } }
  expect(withoutDanglingGrants(of(grant), folded).leftOut).toEqual([])
})

test('of a grant on a view each column is a statement, and those that are lost are told', () => {
  const grant = 'GRANT SELECT (`a, b`, `id`), INSERT, UPDATE (`id`) ON `shop`.`v` TO `ada`@`%`'
  const of = (privileges: string) => `GRANT ${privileges} ON \`shop\`.\`v\` TO \`ada\`@\`%\``
  expect(piecesByColumn(grant)).toEqual([
    { sql: of('INSERT') },
    { sql: of('SELECT (`a, b`)'), mayFail: true },
    { sql: of('SELECT (`id`)'), mayFail: true },
    { sql: of('UPDATE (`id`)'), mayFail: true },
  ])
  const less = of('SELECT (`id`), INSERT')
  expect(lostColumns(grant, [less])).toEqual({
    lost: of('SELECT (`a, b`), UPDATE (`id`)'),
    instead: less,
  })
  expect(lostColumns(of('SELECT (`id`)'), [])).toEqual({
    lost: of('SELECT (`id`)'),
    instead: null,
  })
  // More than columns.
  for (const other of ['SELECT (`id`)', 'SELECT (`id`), INSERT, DELETE'])
    expect(lostColumns(grant, [of(other)])).toBeNull()
})
