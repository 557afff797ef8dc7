import { expect, test } from 'vitest'
import { EVENT, HEADER_BYTES } from '#domain/binlog/event'
import { TimestampDefaults } from '#domain/binlog/timestamp-defaults'

function event(type: number, body = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt8(type, 4)
  header.writeUInt32LE(HEADER_BYTES + body.length + 4, 9)
  return Buffer.concat([header, body, Buffer.alloc(4)])
}

/** Flags; the names of two databases, microseconds, and what is looked for. */
const MARKED = (value: number): number[] => [
  ...[0, 0, 0, 0, 0, 11, 1, 97, 2, 98, 99, 12, 2, 97, 0, 98, 99, 0, 13, 1, 2, 3, 16, value],
]

function statement(text: string, status: readonly number[] = [], more = 0): Buffer {
  const lengths = Buffer.alloc(13)
  lengths.writeUInt8('shop'.length, 8)
  lengths.writeUInt16LE(status.length, 11)
  const parts = [lengths, Buffer.alloc(more), Buffer.from(status), Buffer.from(`shop\0${text}`)]
  return event(more > 0 ? EVENT.executeLoadQuery : EVENT.query, Buffer.concat(parts))
}

const GTID = event(EVENT.anonymousGtid)
const XID = event(EVENT.xid)

test('of transactions in which a statement behind the first is marked, by their number', () => {
  const log = [
    ...[GTID, statement('BEGIN'), statement('INSERT'), XID],
    ...[GTID, event(EVENT.transactionPayload)],
    // Nothing begins with it.
    ...[GTID, statement('CREATE TABLE t (a TIMESTAMP)', MARKED(0))],
    ...[GTID, statement('BEGIN', MARKED(1)), statement('INSERT'), XID],
    ...[GTID, statement('BEGIN'), statement('INSERT'), statement('COMMIT', MARKED(1))],
    ...[GTID, statement("XA START X'61',X'',1"), statement('INSERT', MARKED(0))],
    ...[GTID, statement('BEGIN'), statement('LOAD DATA', MARKED(1), 13), XID],
    // More databases than are named.
    ...[GTID, statement('BEGIN'), statement('INSERT', [12, 254, 16, 1]), XID],
    ...[GTID, statement('BEGIN'), statement('INSERT', [99, 16, 1]), XID],
  ]
  const defaults = new TimestampDefaults()
  // Segments end anywhere.
  for (const one of log) defaults.look(one, { serverVersion: '', hasChecksums: true })
  expect([...defaults.within]).toEqual([
    [3, 1],
    [4, 0],
    [5, 1],
    [6, 1],
  ])
})
