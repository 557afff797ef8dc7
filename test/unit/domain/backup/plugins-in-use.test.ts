import { expect, test } from 'vitest'
import { pluginsInUse, waysIn } from '#domain/backup/plugins-in-use'

test.each([
  [
    "CREATE USER `a`@`%` IDENTIFIED WITH 'caching_sha2_password' AS '$A$ OR x' REQUIRE NONE WITH MAX_QUERIES_PER_HOUR 5",
    ['caching_sha2_password'],
  ],
  [
    "CREATE USER `a`@`%` IDENTIFIED WITH 'one' AS 'h' AND IDENTIFIED WITH 'two' REQUIRE NONE",
    ['one', 'two'],
  ],
  [
    "CREATE USER `a`@`%` IDENTIFIED VIA ed25519 USING 'x OR y' OR unix_socket",
    ['ed25519', 'unix_socket'],
  ],
  ["CREATE USER `a OR b`@`%` IDENTIFIED BY PASSWORD '*A'", []],
  ['ALTER USER `a`@`%` COMMENT \'{" IDENTIFIED WITH ": "x"}\'', []],
])('%s', (create, names) => {
  expect(waysIn(create)).toEqual(names)
})

test('a full-text parser that a table has is in use, and one that a comment names is not', () => {
  const plugins = ['mecab', 'other'].map(name => ({
    ...{ name, library: `lib${name}.so`, type: 'parser' as const },
  }))
  const create = [
    "CREATE TABLE `t` (\n  `a` text COMMENT 'x WITH PARSER `other`',",
    '  FULLTEXT KEY `a` (`a`) /*!50100 WITH PARSER `mecab` */ \n) ENGINE=InnoDB',
  ].join('\n')
  const used = pluginsInUse(plugins, [{ storageEngine: 'InnoDB', create }], [])
  expect(used.map(({ name }) => name)).toEqual(['mecab'])
})
