import { expect, test } from 'vitest'
import {
  withInheritedCollation,
  withoutImpliedCharacterSets,
} from '#domain/schema/inherited-collation'

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

test('a character set that the collation implies makes no difference, another one does', () => {
  const printed = (columns: string[]): string => withoutImpliedCharacterSets(table(columns))
  const alone = '`a` varchar(5) COLLATE utf8mb4_bin NOT NULL'
  expect(printed(['`a` varchar(5) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL'])).toBe(
    printed([alone]),
  )
  expect(printed([alone])).toBe(table([alone]))
  const other = '`a` varchar(5) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL'
  expect(printed([other])).toBe(table([other]))
})

test('many members with quotes in them cost no time', () => {
  const members = Array.from({ length: 5000 }, (_, place) => `'l''été) ${place}'`).join(',')
  const started = performance.now()
  for (const rest of ['DEFAULT NULL', 'CHARACTER SET latin1 COLLATE latin1_bin']) {
    const create = table([`\`e\` enum(${members}) ${rest}`])
    expect(withInheritedCollation(create)).toBe(create)
    expect(withoutImpliedCharacterSets(create)).toBe(create)
  }
  expect(withInheritedCollation(table([`\`e\` enum(${members}) COLLATE utf8mb4_unicode_ci`]))).toBe(
    table([`\`e\` enum(${members})`]),
  )
  expect(performance.now() - started).toBeLessThan(5_000)
})

test.each([
  ['latin1', 'latin1_swedish_ci', true],
  ['cp1251', 'cp1251_general_ci', true],
  ['sjis', 'sjis_japanese_ci', true],
  ['latin1', 'latin1_general_ci', false],
  ['cp1251', 'cp1251_bin', false],
  // Another one by each version.
  ['utf8mb4', 'utf8mb4_0900_ai_ci', false],
  ['utf8mb4', 'utf8mb4_general_ci', false],
])('a column of %s with %s is as one of the character set alone: %s', (set, collation, same) => {
  const table = (column: string): string =>
    `CREATE TABLE \`t\` (\n  \`c\` varchar(9) ${column} DEFAULT NULL\n) ENGINE=InnoDB DEFAULT CHARSET=ucs2`
  const [alone, full] = [`CHARACTER SET ${set}`, `CHARACTER SET ${set} COLLATE ${collation}`].map(
    column => withoutImpliedCharacterSets(table(column)),
  )
  expect(alone === full).toBe(same)
})
