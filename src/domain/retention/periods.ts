import type { Period } from './recovery-policy.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** The moment at which the period of a moment begins, in UTC. Weeks begin on Monday (ISO 8601). */
export function startOfPeriod(period: Period, at: Date): Date {
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()]
  switch (period) {
    case 'hourly':
      return new Date(Math.floor(at.getTime() / HOUR_MS) * HOUR_MS)
    case 'daily':
      return utc(year, month, day)
    case 'weekly':
      return new Date(utc(year, month, day).getTime() - ((at.getUTCDay() + 6) % 7) * DAY_MS)
    case 'monthly':
      return utc(year, month, 1)
    case 'yearly':
      return utc(year, 0, 1)
  }
}

/** The begin of the period that comes `count` periods later. */
export function periodsLater(period: Period, start: Date, count: number): Date {
  const [year, month] = [start.getUTCFullYear(), start.getUTCMonth()]
  switch (period) {
    case 'hourly':
      return new Date(start.getTime() + count * HOUR_MS)
    case 'daily':
      return new Date(start.getTime() + count * DAY_MS)
    case 'weekly':
      return new Date(start.getTime() + 7 * count * DAY_MS)
    case 'monthly':
      return utc(year, month + count, 1)
    case 'yearly':
      return utc(year + count, 0, 1)
  }
}

/** Date.UTC takes the years 0 to 99 for 1900 to 1999. */
function utc(year: number, month: number, day: number): Date {
  const date = new Date(0)
  date.setUTCFullYear(year, month, day)
  return date
}
