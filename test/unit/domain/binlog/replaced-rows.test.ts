import { describe, expect, test } from 'vitest'
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

describe('rows that a program may have replaced', () => {
  const map = (table: string): Buffer =>
    event(EVENT.tableMap, [...[1, 0, 0, 0, 0, 0, 1, 0], ...sized('shop'), ...sized(table)])
  const sized = (name: string): number[] => [name.length, ...Buffer.from(name), 0]
  const query = (text: string): Buffer =>
    event(EVENT.query, Buffer.concat([Buffer.alloc(14), Buffer.from(text)]))

  function mayBe(programs: readonly string[], ...log: readonly Buffer[]): boolean {
    const replaced = new ReplacedRows()
    for (const one of log) replaced.look(one, { serverVersion: '', hasChecksums: false })
    return replaced.asksForPrograms && replaced.mayBeOf(programs)
  }
  const ORDERED = [GTID, said('INSERT INTO orders VALUES (1)'), map('Totals')]

  test.each([
    ['BEGIN REPLACE INTO totals (a) VALUES (1); END', true],
    ['replace low_priority `totals` SET a = 1', true],
    ['UPDATE totals SET a = REPLACE(a, 1, 2)', false],
    ['UPDATE totals SET a = REPLACE (a, 1, 2)', false],
    ['CREATE OR REPLACE TEMPORARY TABLE x (a INT)', false],
  ])('of before the log: %s: %s', (text, is) => {
    expect(mayBe(['SET x = 1', text], ...ORDERED, HALF)).toBe(is)
    expect(mayBe([text], ...ORDERED, WHOLE)).toBe(false)
  })

  test('not of rows whose table the statement names', () => {
    const log = [GTID, said('UPDATE `shop`.`totals` SET a = 1'), map('Totals'), HALF]
    expect(mayBe(['REPLACE INTO totals VALUES (1)'], ...log)).toBe(false)
  })

  test('one that the log makes, also where its text is compressed', () => {
    const made = query(
      'CREATE DEFINER=`a`@`b` TRIGGER t AFTER INSERT ON o FOR EACH ROW REPLACE INTO t2 SET a = 1',
    )
    const other = query('CREATE OR REPLACE FUNCTION f() RETURNS INT RETURN REPLACE(1, 2, 3)')
    expect(mayBe([], made, ...ORDERED, HALF)).toBe(true)
    expect(mayBe([], other, ...ORDERED, HALF)).toBe(false)
    expect(mayBe([], event(EVENT.compressedQuery, [0]), ...ORDERED, HALF)).toBe(true)
  })
})
