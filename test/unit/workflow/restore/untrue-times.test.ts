import { expect, test } from 'vitest'
import { honestTimes } from '#domain/binlog/honest-times'
import { type BinlogSegment, isoOfMicros } from '#domain/binlog/segment'
import type { BinlogArchive } from '#repository/binlog-archive'
import { at, stretch } from '#test/made-log'
import { findMoment } from '#workflow/restore/find-moment'

const FORMAT = 15
const MARIADB_GTID = 162
const QUERY = 2
const QUERY_BYTES = 14
const HEADER_BYTES = 19

function event(type: number, minute: number, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(secondOf(minute), 0)
  header.writeUInt8(type, 4)
  header.writeUInt32LE(1, 5)
  header.writeUInt32LE(HEADER_BYTES + body.length, 9)
  return Buffer.concat([header, body])
}

const secondOf = (minute: number): number => Date.parse(at(minute)) / 1000

/** A transaction of one statement. */
function transaction(number: number, minute: number): Buffer {
  const gtid = Buffer.alloc(13)
  gtid.writeBigUInt64LE(BigInt(number), 0)
  gtid.writeUInt8(1, 12)
  const begins = event(MARIADB_GTID, minute, gtid)
  return Buffer.concat([begins, event(QUERY, minute, Buffer.alloc(QUERY_BYTES))])
}

/** Segments of one file, by the minutes of their transactions by the server's clock, and of what was seen behind them. */
function log(parts: readonly { minutes: number[]; seen: number; closed: number }[]) {
  const format = Buffer.alloc(2 + 50 + 4 + 1 + 5)
  format.writeUInt16LE(4, 0)
  const magic = Buffer.concat([Buffer.from('\xfebin', 'latin1'), event(FORMAT, 0, format)])
  const bytes: Buffer[] = []
  let [to, count] = [0, 0]
  const made = stretch('s', parts.length)
  const segments = made.segments.map((segment, index): BinlogSegment => {
    const { minutes = [], seen = 0, closed = 0 } = parts[index] ?? {}
    const from = to
    const gtidsBefore = count === 0 ? '' : `0-1-${count}`
    const own = minutes.map((minute, place) => transaction(count + place + 1, minute))
    count += minutes.length
    bytes.push(Buffer.concat([...(index === 0 ? [magic] : []), ...own]))
    to += bytes.at(-1)?.length ?? 0
    // As an archiver notes them.
    const [first, last] = [Math.min(...minutes), Math.min(Math.max(...minutes), seen)].map(minute =>
      isoOfMicros(secondOf(minute) * 1_000_000),
    )
    const times = { firstAt: first ?? null, lastAt: last ?? null, knownUntil: at(seen) }
    const place = { file: 'binlog.000001', from, to, border: to, open: null, nextFile: null }
    const gtids = { gtidsBefore, gtidsAfter: `0-1-${count}`, transactions: minutes.length }
    const engine = 'mariadb'
    return { ...segment, engine, ...place, ...times, ...gtids, closedAt: at(closed) }
  })
  const readBytes = async ({ sequence }: BinlogSegment) => bytes[sequence - 1]
  const archive = { readBytes } as unknown as BinlogArchive
  return { archive, stretch: { ...made, ...honestTimes(segments, new Date(at(20))) } }
}

test.each([
  // The clock was an hour ahead, and then right again: half of the third segment is of before that.
  ['ahead', 12.5, '0-1-6', '0-1-7'],
  ['ahead', 13.5, '0-1-7', undefined],
  ['ahead', 9.5, '0-1-2', undefined],
  // When it was wrong, and by it, nobody knows what was there.
  ['ahead', 10.5, undefined, '0-1-3'],
  // The clock was an hour behind meanwhile: it bounds nothing of before.
  ['behind', 1.5, '0-1-1', '0-1-2'],
  ['behind', 12.5, '0-1-6', '0-1-7'],
  ['behind', 13.5, '0-1-7', undefined],
])(
  'a clock that was %s: before minute %d comes %s, behind it %s',
  async (clock, minute, last, next) => {
    const off = clock === 'ahead' ? 60 : -60
    const { archive, stretch } = log([
      { minutes: [1, 2], seen: 10, closed: 10 },
      { minutes: [off + 10, off + 10], seen: off + 11, closed: 11 },
      { minutes: [off + 11, 12, 13], seen: 14, closed: 14 },
    ])
    const us = secondOf(minute) * 1_000_000
    const found = await findMoment(archive, stretch, { kind: 'at', us, text: '' }, [])
    expect([found?.last?.gtid, found?.next?.gtid]).toEqual([last, next])
  },
)
