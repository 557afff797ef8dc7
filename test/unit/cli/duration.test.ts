import { expect, test } from 'vitest'
import { parseDuration } from '#cli/duration'
import { eventMoment } from '#cli/event-moment'
import { endOf } from '#cli/lease-flags'
import { systemClock } from '#core/clock'

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

test('a time that no date can have is refused, and is no bug', () => {
  expect(() => eventMoment('99999999999d')).toThrow(/is not a time/)
  expect(eventMoment('36500d')).toMatch(/^19\d\d-/)
  expect(() => endOf('99999999999d', systemClock)).toThrow(/no length of time/)
})
