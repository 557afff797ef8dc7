import { expect, test } from 'vitest'
import { mayEndTransaction } from '#domain/backup/may-end-transaction'

test.each([
  [
    "CREATE DEFINER=`commit`@`drop` PROCEDURE `p`(a DATE) COMMENT 'create' SELECT 'commit', `drop` FROM t",
    false,
  ],
  ['CREATE PROCEDURE `p`() BEGIN SELECT started, created_at FROM t; END', false],
  ['CREATE PROCEDURE `p`() BEGIN COMMIT; END', true],
  ['CREATE PROCEDURE `p`() BEGIN\n  start  transaction; END', true],
  ['CREATE PROCEDURE `p`() BEGIN DROP TABLE IF EXISTS x; END', true],
  ['CREATE PROCEDURE `p`() CALL other()', true],
  ["CREATE PROCEDURE `p`() BEGIN SELECT 1; -- it's\nEND", true],
])('%s: %s', (create, expected) => {
  expect(mayEndTransaction({ create })).toBe(expected)
})
