import { expect, test } from 'vitest'
import { parseCreateTable } from '#domain/schema/create-table'
import { rewritesChecks } from '#domain/schema/rewritten-checks'

const COLUMNS = [
  '`l` varchar(9) CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT NULL',
  '`u` varchar(9) DEFAULT NULL',
  '`n` int DEFAULT NULL',
  '`b` varbinary(9) DEFAULT NULL',
  '`p` point DEFAULT NULL',
  '`t` bit(17) DEFAULT NULL',
  '`j` json DEFAULT NULL',
]

/** As measured on MySQL 9.7, by adding a key. */
test.each([
  ["(`l` <> _utf8mb4'x')", true],
  ["(`l` <> _utf8mb4'it''s \\'')", true],
  ["(`u` <> _latin1 x'e9')", true],
  ["(`p` <> _utf8mb4'x')", true],
  ["(not((`t` like _utf8mb4'x' escape _utf8mb4'|')))", true],
  ["(`j` <> convert(_utf8mb4'x' using latin1))", true],
  ["(`n` between _utf8mb4'1' and _utf8mb4'2')", true],
  ["(`u` <> _utf8mb4'x') and (`n` > 1)", false],
  ["(`n` > 1) or (`u` = 'l')", false],
  ['(`l` <> `u`)', false],
  ["(`n` <> DATE'2031-01-01')", true],
  ["(`n` <> 'DATE') and (`u` <> 'x')", false],
])('CHECK (%s): %s', (check, expected) => {
  const clauses = [...COLUMNS, `CONSTRAINT \`_latin1\` CHECK (${check})`]
  const create = `CREATE TABLE \`t\` (\n  ${clauses.join(',\n  ')}\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`
  expect(rewritesChecks(parseCreateTable(create))).toBe(expected)
})

test('a column without a character set has the one of the table', () => {
  const create = (set: string): string =>
    `CREATE TABLE \`t\` (\n  \`c\` char(3),\n  CONSTRAINT \`k\` CHECK ((\`c\` <> _utf8mb4'x'))\n) ENGINE=InnoDB DEFAULT CHARSET=${set}`
  expect(rewritesChecks(parseCreateTable(create('latin1')))).toBe(true)
  expect(rewritesChecks(parseCreateTable(create('utf8mb4')))).toBe(false)
})
