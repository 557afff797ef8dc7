import { expect, test } from 'vitest'
import { EVENT, HEADER_BYTES } from '#domain/binlog/event'
import { halfDone, loggedErrors } from '#domain/binlog/logged-errors'

function statement(text: string, error: number, type: number = EVENT.query): Buffer {
  const body = Buffer.alloc(13)
  body.writeUInt16LE(error, 9)
  const header = Buffer.alloc(HEADER_BYTES)
  const rest = Buffer.from(`\0${text}`)
  header.writeUInt8(type, 4)
  header.writeUInt32LE(HEADER_BYTES + body.length + rest.length, 9)
  return Buffer.concat([header, body, rest])
}

test.each([
  ['UPDATE t SET i = 1', 1],
  ['/* a */ delete FROM t', 1],
  ['INSERT INTO t SELECT * FROM u', 1],
  ['INSERT INTO t TABLE u', 1],
  ['CALL p()', 1],
  ['SET STATEMENT sql_mode = "" FOR UPDATE t SET i = 1', 1],
  ['INSERT INTO t VALUES (1), (2)', 0],
  ['replace INTO t SET i = 1', 0],
  // What is there of them is dropped.
  ['DROP TABLE t, u', 0],
])('%s: %d', (text, count) => {
  const format = { serverVersion: '', hasChecksums: false }
  const events = Buffer.concat([statement(text, 0), statement(text, 1062)])
  expect(halfDone(events, format)).toBe(count)
  expect(loggedErrors(events)).toEqual([1062])
  expect(halfDone(statement('', 1062, EVENT.executeLoadQuery), format)).toBe(0)
  expect(halfDone(statement('', 1062, EVENT.compressedQuery), format)).toBe(1)
})
