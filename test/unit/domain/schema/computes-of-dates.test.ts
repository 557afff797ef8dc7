import { expect, test } from 'vitest'
import { computesOfDates } from '#domain/schema/computes-of-dates'

const table = (...clauses: string[]): string =>
  `CREATE TABLE \`t\` (\n  \`id\` int NOT NULL,\n  \`d\` date DEFAULT NULL COMMENT 'KEY ((',\n  \`s\` text,\n  ${clauses.join(',\n  ')}\n) ENGINE=InnoDB`

test.each([
  ['`g` double GENERATED ALWAYS AS (`id` + 1) STORED', false],
  ["`g` varchar(90) GENERATED ALWAYS AS (concat(`s`,_utf8mb4'date')) VIRTUAL", false],
  ['KEY `date` ((`id` * 2))', false],
  ['`n` int DEFAULT NULL', false],
  ['`g` int GENERATED ALWAYS AS (to_days(`s`)) STORED', true],
  ['`g` date GENERATED ALWAYS AS (`s`) VIRTUAL', true],
  ["`g` tinyint(1) GENERATED ALWAYS AS (`d` > _utf8mb4'2024-02-30') VIRTUAL", true],
  ['KEY `k` ((cast(`s` as date)))', true],
  ['KEY `k` (`id`,(cast(`s` as date)))', true],
  ['KEY `k` ((`s` + interval 1 day))', true],
])('%s: %s', (clause, expected) => {
  expect(computesOfDates(table(clause))).toBe(expected)
})
