import { expect, test } from 'vitest'
import { computesInZone } from '#domain/schema/computes-in-zone'

const table = (clause: string): string =>
  `CREATE TABLE \`t\` (\n  \`id\` int NOT NULL,\n  \`c\` timestamp NOT NULL DEFAULT '2026-01-01 00:00:00',\n  \`d\` datetime DEFAULT NULL COMMENT 'KEY ((timestamp(',\n  \`s\` varchar(40) DEFAULT NULL,\n  ${clause},\n  PRIMARY KEY (\`id\`)\n) ENGINE=InnoDB`

test.each([
  ['`n` int DEFAULT NULL', false],
  ['KEY `c` (`c`,`s`(10),`d`)', false],
  ['KEY `y` ((year(`d`)))', false],
  ['`y` int GENERATED ALWAYS AS (year(`d`)) STORED', false],
  ['`e` datetime GENERATED ALWAYS AS ((`d` + interval 1 day)) VIRTUAL', false],
  ['`timestamp` int GENERATED ALWAYS AS (`id` + 1) VIRTUAL', false],
  ['`row_end` timestamp(6) GENERATED ALWAYS AS ROW END', false],
  ['CONSTRAINT `t_chk` CHECK ((`id` > 1))', false],
  ['KEY `by_day` ((cast(`c` as date)))', true],
  ['UNIQUE KEY `by_day` (`id`,(cast(`c` as date)))', true],
  ['`day` date GENERATED ALWAYS AS (cast(`c` as date)) VIRTUAL', true],
  ["`w` varchar(9) GENERATED ALWAYS AS (date_format(`c`,_utf8mb4'%a')) STORED", true],
  ['`m` timestamp GENERATED ALWAYS AS (`d`) VIRTUAL', true],
  ['`u` bigint GENERATED ALWAYS AS (unix_timestamp(`d`)) VIRTUAL', true],
  ['`e` datetime GENERATED ALWAYS AS (cast(`s` as datetime)) VIRTUAL', true],
  ['`e` datetime GENERATED ALWAYS AS (`s`) VIRTUAL', true],
  ['CONSTRAINT `t_chk` CHECK ((cast(`c` as date) < `d`))', true],
  ['`e` int DEFAULT NULL CHECK (`e` > `c`)', true],
])('%s: %s', (clause, expected) => {
  expect(computesInZone(table(clause))).toBe(expected)
})
