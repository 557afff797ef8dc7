import { expect, test } from 'vitest'
import { withInheritedCollation } from '#domain/schema/inherited-collation'

const table = (columns: string[], collation = ' COLLATE=utf8mb4_unicode_ci'): string =>
  `CREATE TABLE \`t\` (\n  ${columns.join(',\n  ')}\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4${collation}`

test('a collation that the table gives is left out', () => {
  expect(
    withInheritedCollation(
      table(["`a``b` varchar(50) COLLATE utf8mb4_unicode_ci DEFAULT 'x COLLATE y'", '`n` int']),
    ),
  ).toBe(table(["`a``b` varchar(50) DEFAULT 'x COLLATE y'", '`n` int']))
  expect(
    withInheritedCollation(table(["`e` enum('a)b','it''s') COLLATE utf8mb4_unicode_ci NOT NULL"])),
  ).toBe(table(["`e` enum('a)b','it''s') NOT NULL"]))
  expect(withInheritedCollation(table(['`m` text COLLATE utf8mb4_unicode_ci']))).toBe(
    table(['`m` text']),
  )
})

test('what was written for the column itself stays', () => {
  const columns = [
    '`own` varchar(5) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci',
    '`other` varchar(5) COLLATE utf8mb4_bin',
    '`g` text GENERATED ALWAYS AS ((`a` COLLATE utf8mb4_unicode_ci)) VIRTUAL',
  ]
  expect(withInheritedCollation(table(columns))).toBe(table(columns))
})

test('a table in its character set’s own collation is left as it is', () => {
  const create = table(['`a` varchar(5) COLLATE utf8mb4_bin'], '')
  expect(withInheritedCollation(create)).toBe(create)
})
