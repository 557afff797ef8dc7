import { expect, test } from 'vitest'
import { waysIn } from '#domain/backup/plugins-in-use'

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
