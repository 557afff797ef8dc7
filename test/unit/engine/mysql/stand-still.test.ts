import { expect, test } from 'vitest'
import { StandStill } from '#engine/mysql/writers-watch'

/** One look each 100 ms, which takes 10. */
function longestOf(...looks: Record<string, string>[]): number {
  const still = new StandStill()
  for (const [index, states] of looks.entries()) {
    still.note(new Map(Object.entries(states)), index * 100, index * 100 + 10)
  }
  return still.longestMs
}

test('what came and went between two looks may have lasted from the one to the other', () => {
  expect(longestOf({})).toBe(10)
  expect(longestOf({}, {})).toBe(110)
})

test('what got on was nowhere longer than from one look to the next but one', () => {
  expect(longestOf({ a: '1' }, { a: '2' }, { a: '3' }, { a: '4' }, {})).toBe(210)
})

test('what stood still did so from the look before the first to the one behind the last', () => {
  expect(longestOf({}, { a: '1' }, { a: '1' }, { a: '1' }, {})).toBe(410)
  expect(longestOf({}, { a: '1' }, { a: '1', b: '7' }, { a: '2', b: '7' }, { b: '7' })).toBe(310)
})

test('one that has not ended counts to the last look', () => {
  expect(longestOf({ a: '1' }, { a: '1' }, { a: '1' })).toBe(210)
})

test('another session with the same state is another', () => {
  expect(longestOf({ a: '1' }, { b: '1' }, { a: '1' })).toBe(210)
})
