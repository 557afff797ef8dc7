import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type HoldingSnapshot, locksOfSegments } from '#domain/retention/log-locks'
import { type StayingSnapshot, unusedLog } from '#domain/retention/log-trim'
import { at, MINUTE_MS, stretch, taken } from '#test/made-log'

const log = stretch('a', 8)
const held = (snapshot: StayingSnapshot, minute: number | null): HoldingSnapshot => ({
  ...snapshot,
  heldUntil: minute === null ? null : new Date(at(minute)),
})
const locks = (staying: readonly HoldingSnapshot[], logMinutes: number | null = null) =>
  locksOfSegments(log, staying, logMinutes === null ? null : logMinutes * MINUTE_MS).map(until =>
    until === null ? null : Math.round((until.getTime() - Date.parse(at(0))) / MINUTE_MS),
  )

test('as long as the longest held snapshot that leads through it; from the begin of its file on', () => {
  expect(locks([])).toEqual(Array(8).fill(null))
  expect(locks([held(taken(3), 500)])).toEqual([null, null, ...Array(6).fill(500)])
  expect(locks([held(taken(3), 500), held(taken(6), 900)])).toEqual([
    ...[null, null, 500, 500, 500, 500, 900, 900],
  ])
  expect(locks([held(taken(3), 900), held(taken(6), 500)]).slice(2)).toEqual(Array(6).fill(900))
  // None that is held, and none that is a start of a replay.
  expect(locks([held(taken(3), null)])).toEqual(Array(8).fill(null))
  expect(locks([held(taken(3, { scope: 'x' }), 500)])).toEqual(Array(8).fill(null))
})

test('where log is set: until the first proven snapshot behind it is so old, of each method', () => {
  const far = 100_000
  const all = [held(taken(1), far), held(taken(5), far)]
  // Behind the last one by when each segment was closed.
  expect(locks(all, 200)).toEqual([250, 250, 250, 250, 246, 256, 266, 276])
  const doubted = [held(taken(1), far), held(taken(5, { proven: false }), far)]
  expect(locks(doubted, 200)).toEqual([206, 216, 226, 236, 246, 256, 266, 276])
  const both = [...all, held(taken(7, { method: 'physical' }), far)]
  expect(locks(both, 200)).toEqual([270, 270, 270, 270, 270, 270, 266, 276])
  expect(locks([held(taken(1), 230), held(taken(5), 240)], 200)).toEqual([
    ...[230, 230, 230, 230, 240, 240, 240, 240],
  ])
  // Of the other method nothing is held: it may be gone by then.
  const other = held(taken(3), 0)
  const physical = [0, 2].map(n => held(taken(n, { method: 'physical' }), 91))
  expect(locks([...physical, other], 61).slice(0, 2)).toEqual([81, 81])
})

test('what is locked is still needed: retention never waits for a lock of the log', () => {
  const snapshots = fc.array(
    fc.record({
      transactions: fc.nat(7),
      until: fc.integer({ min: 0, max: 400 }),
      proven: fc.boolean(),
      method: fc.constantFrom('physical' as const, undefined),
    }),
    { minLength: 1, maxLength: 5 },
  )
  const minutes = fc.integer({ min: 10, max: 300 })
  fc.assert(
    fc.property(snapshots, fc.option(minutes), minutes, (made, logMinutes, later) => {
      const logMs = logMinutes === null ? null : logMinutes * MINUTE_MS
      const staying = made.map(({ transactions, until, proven, method }) =>
        held(taken(transactions, { proven, ...(method ? { method } : {}) }), until),
      )
      const then = new Date(at(80 + later))
      const left = staying.filter(({ heldUntil }) => heldUntil && heldUntil > then)
      const through = unusedLog([log], left, logMs, then)[0]?.through ?? 0
      const untils = locksOfSegments(log, staying, logMs)
      for (const until of untils.slice(0, through)) {
        expect(until === null || until <= then).toBe(true)
      }
    }),
  )
})
