import { deflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { EVENT, HEADER_BYTES } from '#domain/binlog/event'
import { EmptyXa, untoldIn } from '#domain/binlog/untold'

function event(type: number, body: Buffer, checksum = Buffer.alloc(4)): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt8(type, 4)
  header.writeUInt32LE(HEADER_BYTES + body.length + checksum.length, 9)
  return Buffer.concat([header, body, checksum])
}

/** @param status status variables, as they are in the event */
function query(status: readonly number[], statement: Buffer): Buffer {
  const lengths = Buffer.alloc(13)
  lengths.writeUInt8('shop'.length, 8)
  lengths.writeUInt16LE(status.length, 11)
  return Buffer.concat([lengths, Buffer.from(status), Buffer.from('shop\0'), statement])
}

const text = (value: string): number[] => [value.length, ...Buffer.from(value)]
const INVOKER = [11, ...text('ann'), ...text('localhost')]
/** flags2, sql_mode, catalog, auto_increment, characters, zone, names of days, database's characters. */
const BEFORE = [
  ...[0, 0, 0, 0, 0, 1, 11, 11, 11, 11, 11, 11, 11, 11, 6, ...text('std'), 3, 1, 0, 1, 0],
  ...[4, 11, 0, 11, 0, 11, 0, 5, ...text('SYSTEM'), 7, 0, 0, 8, 11, 0],
]
const STATEMENT = 'ALTER EVENT e DISABLE'
const invoked = { kind: 'invoker', statement: STATEMENT, user: 'ann', host: 'localhost' }

test.each([
  { status: INVOKER, found: [invoked] },
  { status: [...BEFORE, ...INVOKER, 13, 0, 0, 0], found: [invoked] },
  { status: BEFORE, found: [] },
  // What has no meaning here ends what is read.
  { status: [99, ...INVOKER], found: [] },
])('who gave a statement: $status', ({ status, found }) => {
  const events = event(EVENT.query, query(status, Buffer.from(STATEMENT)))
  expect(untoldIn(events, { serverVersion: '', hasChecksums: true })).toEqual(found)
})

test('of a statement that MariaDB has compressed, in a file without checksums', () => {
  const compressed = Buffer.concat([
    Buffer.from([0x81, STATEMENT.length]),
    deflateSync(Buffer.from(STATEMENT)),
  ])
  const events = event(EVENT.compressedQuery, query(INVOKER, compressed), Buffer.alloc(0))
  expect(untoldIn(events, { serverVersion: '', hasChecksums: false })).toEqual([invoked])
})

function variable(name: string, type: number, value: Buffer, isNull = 0): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(name.length)
  const rest = Buffer.alloc(9)
  rest.writeUInt8(type)
  rest.writeUInt32LE(value.length, 5)
  const typed = isNull ? [] : [rest, value, Buffer.alloc(1)]
  return event(14, Buffer.concat([length, Buffer.from(name), Buffer.from([isNull]), ...typed]))
}

test('user variables that are floating-point numbers, in the order of the log', () => {
  const third = Buffer.alloc(8)
  third.writeDoubleLE(1 / 3)
  const events = Buffer.concat([
    variable('text', 0, Buffer.from('0.5')),
    variable('a', 1, third),
    variable('none', 1, Buffer.alloc(0), 1),
    event(EVENT.query, query(INVOKER, Buffer.from(STATEMENT))),
    variable('whole', 2, Buffer.alloc(8)),
    variable('b', 1, third),
  ])
  expect(untoldIn(events, { serverVersion: '', hasChecksums: true })).toEqual([
    { kind: 'real', variable: 'a', value: 1 / 3 },
    invoked,
    { kind: 'real', variable: 'b', value: 1 / 3 },
  ])
})

test('a transaction of XA in which nothing is done, also where it is decided later (MariaDB)', () => {
  const format = { serverVersion: '', hasChecksums: true }
  const statement = (text: string): Buffer => event(EVENT.query, query([], Buffer.from(text)))
  const prepared = (id: string): Buffer => {
    const body = Buffer.alloc(13)
    body.writeUInt32LE(1, 1)
    body.writeUInt32LE(id.length, 5)
    return event(EVENT.xaPrepare, Buffer.concat([body, Buffer.from(id)]))
  }
  const begun = event(EVENT.mariadbGtid, Buffer.alloc(13))
  const empty = new EmptyXa()
  const first = [
    ...[begun, statement("XA END X'61',X'',1"), prepared('a')],
    ...[
      begun,
      statement('INSERT INTO t VALUES (1)'),
      statement("XA END X'62',X'',1"),
      prepared('b'),
    ],
  ]
  expect(untoldIn(Buffer.concat(first), format, empty)).toEqual(
    ['XA START', 'XA END', 'XA PREPARE'].map(word => ({
      ...{ kind: 'empty', statement: `${word} X'61',X'',1` },
    })),
  )
  const then = ["XA COMMIT X'62',X'',1", "XA ROLLBACK X'61',X'',1", "XA COMMIT X'61',X'',1"]
  expect(untoldIn(Buffer.concat(then.map(statement)), format, empty)).toEqual([
    { kind: 'empty', statement: "XA ROLLBACK X'61',X'',1" },
  ])
  // Whether the statement of the other one has found a row is not known.
  expect(empty.ofStatements).toBe(1)
  const ofRows = [begun, event(EVENT.tableMap, Buffer.alloc(8)), prepared('c')]
  untoldIn(Buffer.concat([...ofRows, statement("XA COMMIT X'63',X'',1")]), format, empty)
  expect(empty.ofStatements).toBe(1)
})
