import fc from 'fast-check'
import { expect, test } from 'vitest'
import { windowsOf } from '#domain/binlog/window'
import { type StayingSnapshot, unusedLog } from '#domain/retention/log-trim'
import { at, MINUTE_MS, stretch, taken } from '#test/made-log'

const now = new Date(at(100))
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
  expect(through([taken(3), taken(5, { proven: false }), taken(8)], 40)).toEqual([2])
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
