import { expect, test } from 'vitest'
import { EVENT, HEADER_BYTES } from '#domain/binlog/event'
import { PrintedSize, packetOfSource } from '#domain/binlog/printed-size'

const FORMAT = { serverVersion: '9.7.4', hasChecksums: false }
const ROWS = 30

function event(type: number, size: number, flags = 0): Buffer {
  const bytes = Buffer.alloc(size)
  bytes.writeUInt8(type, 4)
  bytes.writeUInt32LE(size, 9)
  bytes.writeUInt16LE(flags, HEADER_BYTES + 6)
  return bytes
}

function printed(...events: Buffer[]): PrintedSize {
  const size = new PrintedSize()
  // Segments may end within a statement.
  for (const one of events) size.look(one, FORMAT)
  return size
}

test('the rows of a statement are one, those of two are not', () => {
  const rows = [event(EVENT.tableMap, 100), event(ROWS, 8000), event(ROWS, 8000, 1)]
  const once = printed(...rows)
  expect(once.longest).toBeCloseTo(2048 + 1.4 * 16_100)
  expect(printed(...rows, event(EVENT.xid, 31), ...rows).longest).toBe(once.longest)
  expect(once.largestEvent).toBe(8000)
})

test('statements are as long as they are, variables twice that', () => {
  expect(printed(event(EVENT.query, 5000), event(EVENT.xid, 9000)).longest).toBe(7048)
  expect(printed(event(EVENT.userVariable, 5000)).longest).toBe(12_048)
})

test('what is compressed is as long as it says, as its server has made it', () => {
  // An UPDATE of a table of three columns, of log_bin_compress: the flags, the columns, both lists, the length.
  const rows = event(167, 60, 1)
  rows.set([3, 7, 7, 0x83, 0x01, 0x00, 0x00], HEADER_BYTES + 8)
  expect(printed(rows).largestEvent).toBe(HEADER_BYTES + 11 + 65_536)
  const query = event(EVENT.compressedQuery, 60)
  query.writeUInt16LE(0, HEADER_BYTES + 6)
  query.set([0x82, 0x10, 0x00], HEADER_BYTES + 14)
  expect(printed(query).largestEvent).toBe(HEADER_BYTES + 14 + 4096)
  const payload = event(EVENT.transactionPayload, 60)
  // Field 1 of one byte; 3 of three: 0x1000.
  payload.set([1, 1, 20, 3, 3, 252, 0x00, 0x10, 0], HEADER_BYTES)
  expect(printed(payload).largestEvent).toBe(HEADER_BYTES + 4096)
})

test.each([
  [{ max_allowed_packet: '1048576' }, 1_048_576, 1_048_576],
  [{ max_allowed_packet: '1048576' }, 1_048_577, null],
  [{ max_allowed_packet: '4096' }, 1000, null],
  [{}, 1000, null],
])('of %j and a statement of %i bytes', (source, longest, packet) => {
  expect(packetOfSource(source, { longest })).toBe(packet)
})
