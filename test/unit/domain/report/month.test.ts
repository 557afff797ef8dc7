import { expect, test } from 'vitest'
import { monthBefore, periodOfMonth } from '#domain/report/month'

test('the month before is that of the calendars of the zone', () => {
  const newYear = new Date('2025-12-31T23:30:00Z')
  expect(monthBefore(newYear, 'UTC')).toBe('2025-11')
  expect(monthBefore(newYear, 'Europe/Berlin')).toBe('2025-12')
  expect(monthBefore(new Date('2026-01-01T00:00:00Z'), 'UTC')).toBe('2025-12')
})

test('a month has its own days; one that is not over is refused, as is what is none', () => {
  expect(periodOfMonth('2024-02', '2026-10')).toEqual({ from: '2024-02-01', to: '2024-02-29' })
  expect(periodOfMonth('2025-12', '2025-12')).toEqual({ from: '2025-12-01', to: '2025-12-31' })
  expect(() => periodOfMonth('2026-11', '2026-10')).toThrow('not over yet')
  for (const text of ['2026-13', '2026-1', 'october', '0001-01']) {
    expect(() => periodOfMonth(text, '2026-10')).toThrow('no month')
  }
})
