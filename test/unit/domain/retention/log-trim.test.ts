import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import type { BinlogSegment } from '#domain/binlog/segment'
import type { Stretch } from '#domain/binlog/stretch'
import { windowsOf } from '#domain/binlog/window'
import { type StayingSnapshot, unusedLog } from '#domain/retention/log-trim'

const MINUTE_MS = 60_000
const START = Date.UTC(2026, 10, 20, 13)
const at = (minute: number): string => new Date(START + minute * MINUTE_MS).toISOString()
const now = new Date(START + 100 * MINUTE_MS)

/** Two segments to a file of the server, a transaction and ten minutes to each. */
function stretch(stretchId: string, count: number, reason: 'first' | 'history' = 'first'): Stretch {
  const segments = Array.from({ length: count }, (_, index) => {
    const isFirst = index % 2 === 0
    const file = (number: number) => `binlog.${String(number).padStart(6, '0')}`
    const number = Math.floor(index / 2) + 1
    return {
      ...{ sourceId: 's', engine: 'mysql', stretchId, sequence: index + 1 },
      ...{ file: file(number), from: isFirst ? 0 : 100, to: isFirst ? 100 : 200 },
      nextFile: isFirst ? null : file(number + 1),
      ...{ transactions: 1, firstAt: at(index * 10 + 5), lastAt: at(index * 10 + 5) },
      ...{ gtidsBefore: gtids(index), gtidsAfter: gtids(index + 1), knownUntil: null },
      ...{ begins: index === 0 ? { reason, after: null } : null, object: null },
    } as unknown as BinlogSegment
  })
  return { stretchId, sourceId: 's', segments, begins: { reason, after: null }, headSha256: '' }
}

const SERVER = '3e11fa47-71ca-11e1-9e33-c80aa9429562'
const gtids = (count: number): string => (count === 0 ? '' : `${SERVER}:1-${count}`)

/** Taken behind so many transactions. */
function taken(
  transactions: number,
  more: { method?: 'physical'; scope?: string; proof?: StayingSnapshot['proof'] } = {},
): StayingSnapshot {
  const [file, half] = [Math.floor(transactions / 2) + 1, transactions % 2]
  const position = {
    ...{ engine: 'mysql', file: `binlog.${String(file).padStart(6, '0')}` },
    ...{ offset: half === 0 ? 4 : 100, gtidSet: gtids(transactions) },
  }
  const envelope = {
    ...{ snapshotId: `after ${transactions}`, method: more.method ?? 'logical', sourceId: 's' },
    ...{ engine: 'mysql', consistentAt: at(transactions * 10), position },
    scope: more.scope ?? null,
  } as unknown as SnapshotEnvelope
  return { envelope, proof: more.proof ?? 'verified' }
}

const log = stretch('a', 10)
const through = (staying: StayingSnapshot[], logMinutes: number | null = null) =>
  unusedLog([log], staying, logMinutes === null ? null : logMinutes * MINUTE_MS, now).map(
    one => one.through,
  )

test('whole files before the oldest snapshot that stays; nothing where none does', () => {
  expect(through([])).toEqual([])
  expect(through([taken(1)])).toEqual([])
  expect(through([taken(5), taken(8)])).toEqual([4])
  // Of some databases, or without a place in the log: no start.
  expect(through([taken(3, { scope: 'x' }), taken(6)])).toEqual([6])
})

test('where log is set: from the newest proven snapshot of that age, of each method', () => {
  const all = [taken(3), taken(5), taken(8)]
  expect(through(all, 40)).toEqual([4])
  expect(through(all, 90)).toEqual([2])
  expect(through([taken(3), taken(5, { proof: 'unproven' }), taken(8)], 40)).toEqual([2])
  expect(through([taken(3), taken(5, { proof: 'failed' }), taken(8)], 40)).toEqual([2])
  expect(through([...all, taken(3, { method: 'physical' })], 40)).toEqual([2])
})

test('of a log that ended before the oldest snapshot its last file stays', () => {
  const later = { ...stretch('b', 4, 'history') }
  const stays = [taken(9)]
  expect(unusedLog([log, later], stays, null, now)).toMatchObject([
    { stretchId: 'a', through: 8 },
    { stretchId: 'b', through: 2 },
  ])
})

test('whatever stays: every moment behind it can be restored as before', () => {
  const places = fc.array(fc.nat(9), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(places, fc.integer({ min: 1, max: 10 }), (counts, length) => {
      const whole = stretch('a', length)
      const staying = counts.map(count => taken(count))
      const [unused] = unusedLog([whole], staying, null, now)
      const rest = whole.segments.filter(({ sequence }) => sequence > (unused?.through ?? 0))
      const envelopes = staying.map(({ envelope }) => envelope)
      const [before, after] = [whole, { ...whole, segments: rest }].map(
        one => windowsOf([one], envelopes)[0]?.stretches[0],
      )
      expect(after?.snapshots).toEqual(before?.snapshots)
      expect(after?.restorable).toEqual(before?.restorable)
      expect(rest[0]?.from).toBe(0)
    }),
  )
})
