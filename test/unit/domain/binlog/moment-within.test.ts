import { expect, test } from 'vitest'
import { parseMoment } from '#domain/binlog/moment'
import { momentWithin } from '#domain/binlog/moment-within'

const window = { from: '2026-11-28T05:24:44.200Z', until: '2026-11-28T05:24:47.900001Z' }

test('the first and the last whole second of a window can be drawn', () => {
  expect(momentWithin(window, first => first)).toBe('2026-11-28 05:24:45Z')
  expect(momentWithin(window, (_first, beyond) => beyond - 1)).toBe('2026-11-28 05:24:47Z')
})

test('a window without a whole second: its end, and nothing beyond it', () => {
  const narrow = { ...window, from: '2026-11-28T05:24:47.200Z' }
  const moment = momentWithin(narrow, () => Number.NaN)
  expect(parseMoment(moment, 'UTC')).toMatchObject({ text: '2026-11-28 05:24:47.900001 UTC' })
})
