import { EcomdbError } from '#core/errors'
import { wallTimeAt } from '../time-zone.ts'
import type { Period } from './period.ts'

/** The month before the one that a zone's calendars show, as "2026-10". */
export function monthBefore(now: Date, zone: string): string {
  const { year, month } = wallTimeAt(now.getTime(), zone)
  return new Date(Date.UTC(year, month - 2, 1)).toISOString().slice(0, 7)
}

/**
 * The days of a month, both included.
 *
 * @param month as a person typed it: "2026-10"
 * @param last the newest month that is over: a page of half a month would be taken for the whole
 * @throws EcomdbError USAGE when it is none, or not over yet
 */
export function periodOfMonth(month: string, last: string): Period {
  const first = new Date(`${month}-01T00:00:00Z`)
  if (!/^\d{4}-\d{2}$/.test(month) || Number.isNaN(first.getTime()) || month < '1000') {
    throw new EcomdbError('USAGE', {
      what: `--month is no month: ${JSON.stringify(month)}`,
      why: 'a month is written YYYY-MM',
      hints: [`for example: --month ${last}`],
    })
  }
  if (month > last) {
    throw new EcomdbError('USAGE', {
      what: `${month} is not over yet`,
      why: `reports are made of whole months; the last one is ${last}`,
      hints: ['`ecomdb report orders --from … --to …` takes any days'],
    })
  }
  const end = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0))
  return { from: `${month}-01`, to: end.toISOString().slice(0, 10) }
}
