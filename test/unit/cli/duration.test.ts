import { expect, test } from 'vitest'
import { parseDuration } from '#cli/duration'

test.each([
  ['90s', 90_000],
  ['1.5h', 5_400_000],
  ['15m', 900_000],
  ['2d', 172_800_000],
])('%s', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test('nothing given is no limit', () => {
  expect(parseDuration(undefined)).toBeNull()
})

test.each(['', '15', 'm', '-1m', '1w', '1 h', '1h30m'])('refuses %j', text => {
  expect(() => parseDuration(text)).toThrow(/is not a length of time/)
})
