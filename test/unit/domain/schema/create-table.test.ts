import { expect, test } from 'vitest'
import { firstList, identifiersIn, keywordsOf, parseCreateTable } from '#domain/schema/create-table'

const ODD = `CREATE TABLE \`a\`\`b (\` (
  \`x, \`\`KEY\` int(11) NOT NULL DEFAULT 0 COMMENT 'it''s, \\'KEY \`k\` (\`a\`)\\' \\\\',
  \`emoji 🐻)\` varchar(10) DEFAULT '),(',
  \`g\` int(11) GENERATED ALWAYS AS (concat(\`x, \`\`KEY\`,'),')) VIRTUAL,
  PRIMARY KEY (\`x, \`\`KEY\`),
  KEY \`k,1\` (\`emoji 🐻)\`(3),\`g\`) COMMENT 'a, b'
) ENGINE=InnoDB COMMENT='KEY (x), y'
/*!50100 PARTITION BY RANGE (\`x\`) (PARTITION p0 VALUES LESS THAN (10)) */`

test('cuts a definition at its own commas only', () => {
  const table = parseCreateTable(ODD)
  expect(table.head).toBe('CREATE TABLE `a``b (` (')
  expect(table.clauses).toHaveLength(5)
  expect(table.clauses[1]).toBe("`emoji 🐻)` varchar(10) DEFAULT '),('")
  expect(table.clauses[4]).toBe("KEY `k,1` (`emoji 🐻)`(3),`g`) COMMENT 'a, b'")
  expect(table.tail.startsWith(") ENGINE=InnoDB COMMENT='KEY (x), y'\n/*!50100")).toBe(true)
})

test('what is cut can be put together again', () => {
  const { head, clauses, tail } = parseCreateTable(ODD)
  expect(`${head}\n  ${clauses.join(',\n  ')}\n${tail}`).toBe(ODD)
})

test.each([['CREATE TABLE `t'], ["CREATE TABLE `t` (`a` int DEFAULT 'x"], ['CREATE TABLE `t` (']])(
  'refuses a definition that ends early: %s',
  create => {
    expect(() => parseCreateTable(create)).toThrow(RangeError)
  },
)

test('keywords are what is outside of quotes', () => {
  expect(keywordsOf("`AUTO_INCREMENT` int COMMENT 'AUTO_INCREMENT'")).not.toMatch(/AUTO_INCREMENT/)
  expect(identifiersIn("`a``b` 'x`y' `c`")).toEqual(['a`b', 'c'])
  expect(firstList('KEY `(` (`a`,(lower(`b`)),`c`(4)) USING BTREE (z)')).toBe(
    '`a`,(lower(`b`)),`c`(4)',
  )
})
