import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NOTHING_SEALED, nextState, type SealStart } from '#domain/audit/checkpoint'
import {
  countIds,
  type IdRange,
  parseRanges,
  RangeBuilder,
  rangesText,
  subtractRanges,
} from '#domain/audit/id-ranges'

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 60 })).map(all => all.sort((a, b) => a - b))

function rangesOf(all: readonly number[]): IdRange[] {
  const builder = new RangeBuilder()
  for (const id of all) builder.add(id)
  return builder.ranges
}

const listed = (ranges: readonly IdRange[]): number[] =>
  ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at))

test('ranges say what they were made of', () => {
  fc.assert(
    fc.property(ids, ids, (one, other) => {
      expect(listed(parseRanges(rangesText(rangesOf(one))))).toEqual(one)
      expect(countIds(rangesOf(one))).toBe(one.length)
      const left = subtractRanges(rangesOf(one), rangesOf(other))
      expect(listed(left)).toEqual(one.filter(id => !other.includes(id)))
    }),
  )
  expect(() => parseRanges('3-1')).toThrow(RangeError)
  expect(() => parseRanges('5,4')).toThrow(RangeError)
})

test('an id is open while its transaction may run, and is given up after that', () => {
  const first = nextState(
    NOTHING_SEALED,
    [
      [1, 3],
      [6, 6],
    ],
    '2026-01-01 10:00:00',
    null,
  )
  expect(first).toEqual({ sealedTo: 6, open: [{ ids: '4-5', seen: '2026-01-01 10:00:00' }] })
  // A transaction of before runs on: both are still waited for, and one comes.
  const second = nextState(first, [[5, 5]], '2026-01-01 10:00:05', '2026-01-01 09:59:59')
  expect(second.open).toEqual([{ ids: '4', seen: '2026-01-01 10:00:00' }])
  // All that run began later.
  expect(nextState(second, [], '2026-01-01 10:00:10', '2026-01-01 10:00:07').open).toEqual([])
  expect(nextState(second, [], '2026-01-01 10:00:10', null).open).toEqual([])
})

test('every event is sealed once, in whatever order transactions commit', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 40 }), commitsIn => {
      const sealed: number[] = []
      let state: SealStart = NOTHING_SEALED
      for (let round = 0; round <= 5; round += 1) {
        const visible = commitsIn.flatMap((at, id) => (at <= round ? [id + 1] : []))
        const wanted = new Set(state.open.flatMap(one => listed(parseRanges(one.ids))))
        const found = visible.filter(id => id > state.sealedTo || wanted.has(id))
        sealed.push(...found)
        state = nextState(state, rangesOf(found), `t${round + 1}`, 't0')
      }
      expect(sealed.sort((a, b) => a - b)).toEqual(commitsIn.map((_, id) => id + 1))
    }),
  )
})
