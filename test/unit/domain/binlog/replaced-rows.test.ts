import { expect, test } from 'vitest'
import { EVENT, HEADER_BYTES } from '#domain/binlog/event'
import { ReplacedRows } from '#domain/binlog/replaced-rows'

function event(type: number, body: readonly number[] | Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt8(type, 4)
  header.writeUInt32LE(HEADER_BYTES + body.length, 9)
  return Buffer.concat([header, Buffer.from(body)])
}

const GTID = event(EVENT.mariadbGtid, [0])
const said = (text: string): Buffer => event(EVENT.annotateRows, Buffer.from(text))
/** Of nine columns: which ones are there after the change. */
const updated = (low: number, high: number, type = 24): Buffer =>
  event(type, [...[1, 0, 0, 0, 0, 0, 1, 0, 9], ...[1, 0], ...[low, high], ...[0, 7]])
const WHOLE = updated(0xff, 0xff)
const HALF = updated(0x03, 0xfe)

function found(...log: readonly Buffer[]): number {
  const replaced = new ReplacedRows()
  for (const one of log) replaced.look(one, { serverVersion: '', hasChecksums: false })
  return replaced.found
}

test.each([
  ['REPLACE INTO t (a) VALUES (1)', 1],
  ['/* b */ replace t SET a = 1', 1],
  ['SET STATEMENT sql_mode = "" FOR REPLACE INTO t (a) VALUES (1)', 1],
  ["LOAD DATA INFILE 'x' REPLACE INTO TABLE t (a)", 1],
  ['UPDATE t SET a = "REPLACE INTO"', 0],
  ['INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = REPLACE(a, 1, 2)', 0],
])('%s: %d', (text, count) => {
  expect(found(GTID, said(text), HALF)).toBe(count)
  expect(found(GTID, said(text), WHOLE)).toBe(0)
  expect(found(GTID, said(text), updated(0x03, 0x01, 167))).toBe(count)
})

test('rows of which nothing tells are counted; of a statement as many as it has', () => {
  expect(found(GTID, HALF)).toBe(1)
  expect(found(GTID, said('UPDATE t SET a = 1'), HALF, GTID, HALF)).toBe(1)
  expect(found(GTID, said('REPLACE INTO t (a) VALUES (1)'), HALF, HALF)).toBe(2)
})

test('a table of many columns', () => {
  const columns = (last: number): number[] => [...Array.from({ length: 37 }, () => 0xff), last]
  const many = (last: number): Buffer =>
    event(24, [...[1, 0, 0, 0, 0, 0, 1, 0], ...[0xfc, 44, 1], ...columns(0xff), ...columns(last)])
  expect(found(GTID, many(0x0f))).toBe(0)
  expect(found(GTID, many(0x07))).toBe(1)
})
