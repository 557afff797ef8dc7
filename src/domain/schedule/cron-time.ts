import { momentOfLeap, momentsShowing, wallTimeAt, zoneOffsetMs } from '../time-zone.ts'

/** A crontab(5) time of five fields, read: the values of each field. */
export interface CronTime {
  text: string
  minutes: readonly number[]
  hours: readonly number[]
  days: ReadonlySet<number>
  months: ReadonlySet<number>
  /** 0 is Sunday. */
  weekdays: ReadonlySet<number>
  /** Also as a step or a range: it has all 24. */
  everyHour: boolean
  /** A field with `*`, also with a step: where day and weekday are both given without, either is enough. */
  everyDay: boolean
  everyWeekday: boolean
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** @returns null when the text is none: `30 1 * * *` is minute, hour, day, month, weekday */
export function parseCronTime(text: string): CronTime | null {
  const fields = text.trim().toLowerCase().split(/\s+/)
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields
  const minutes = valuesOf(minute, 0, 59)
  const hours = valuesOf(hour, 0, 23)
  const days = valuesOf(day, 1, 31)
  const months = valuesOf(month, 1, 12, MONTHS)
  const weekdays = valuesOf(weekday, 0, 7, WEEKDAYS)
  if (fields.length !== 5 || !minutes || !hours || !days || !months || !weekdays) return null
  const time: CronTime = {
    ...{ text: fields.join(' '), minutes, hours, days: new Set(days), months: new Set(months) },
    weekdays: new Set(weekdays.map(one => one % 7)),
    ...{ everyHour: hours.length === 24, everyDay: day.includes('*') },
    everyWeekday: weekday.includes('*'),
  }
  return comesAtAll(time) ? time : null
}

/** "1,5-9,20-40/5" as sorted values. */
function valuesOf(
  field: string,
  least: number,
  most: number,
  names: readonly string[] = [],
): number[] | null {
  const values = new Set<number>()
  for (const part of field.split(',')) {
    const [, range = '', step] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? []
    const [from, to] = rangeOf(range, step !== undefined, least, most, names)
    const by = Number(step ?? 1)
    if (!(from >= least && to <= most && from <= to) || by < 1) return null
    for (let value = from; value <= to; value += by) values.add(value)
  }
  return [...values].sort((a, b) => a - b)
}

/** NaN where it is none. */
function rangeOf(
  range: string,
  stepped: boolean,
  least: number,
  most: number,
  names: readonly string[],
): [number, number] {
  if (range === '*') return [least, most]
  const number = (text: string): number => {
    if (/^\d{1,2}$/.test(text)) return Number(text)
    const at = names.indexOf(text)
    return at < 0 ? Number.NaN : at + (most === 7 ? 0 : least)
  }
  const [from = '', to, ...more] = range.split('-')
  if (more.length > 0) return [Number.NaN, Number.NaN]
  if (to !== undefined) return [number(from), number(to)]
  return [number(from), stepped ? most : number(from)]
}

/** 31 February never comes. */
function comesAtAll({ days, months, everyDay, everyWeekday }: CronTime): boolean {
  if (!everyDay && !everyWeekday) return true
  const longest = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  return [...months].some(month => [...days].some(day => day <= (longest[month - 1] ?? 0)))
}

/**
 * The first moment after another one at which a job is due.
 *
 * Both changes of the clocks: a time that they are put forward over counts at the moment of the
 * leap, once; one that they show twice counts the first time. A job of every hour runs every hour
 * instead: neither skipped in the hour that comes twice, nor made up for in the one that does not.
 */
export function nextRun(time: CronTime, zone: string, afterMs: number): number {
  const today = dayOf(afterMs, zone)
  for (let day = -1; day <= LONGEST_WAIT_DAYS; day += 1) {
    const next = momentsOf(time, zone, today + day * DAY_MS).find(ms => ms > afterMs)
    if (next !== undefined) return next
  }
  throw new Error(`"${time.text}" does not come within 41 years`)
}

/** The last moment at which a job was due, up to another one. */
export function lastRun(time: CronTime, zone: string, untilMs: number): number {
  const today = dayOf(untilMs, zone)
  for (let day = 1; day >= -LONGEST_WAIT_DAYS; day -= 1) {
    const last = momentsOf(time, zone, today + day * DAY_MS).findLast(ms => ms <= untilMs)
    if (last !== undefined) return last
  }
  throw new Error(`"${time.text}" did not come within 41 years`)
}

/** 29 February can be eight years away (2096 to 2104), and on one weekday forty. */
const LONGEST_WAIT_DAYS = 41 * 366
const DAY_MS = 86_400_000

/** The date that a zone's calendars show, as if it were UTC. */
function dayOf(ms: number, zone: string): number {
  const { year, month, day } = wallTimeAt(ms, zone)
  return Date.UTC(year, month - 1, day)
}

/** Every moment of a day's date, in order. */
function momentsOf(time: CronTime, zone: string, dayMs: number): number[] {
  const date = new Date(dayMs)
  if (!time.months.has(date.getUTCMonth() + 1) || !isDay(time, date)) return []
  const shown = momentsOn(dayMs, zone)
  const found = time.hours.flatMap(hour =>
    time.minutes.flatMap(minute => {
      const wallMs = dayMs + (hour * 60 + minute) * 60_000
      const moments = shown(wallMs)
      if (time.everyHour) return moments
      return [moments[0] ?? momentOfLeap(wallMs, zone)]
    }),
  )
  return [...new Set(found)].sort((a, b) => a - b)
}

/** Most days have one offset from UTC, which is asked for once: asking is slow. */
function momentsOn(dayMs: number, zone: string): (wallMs: number) => number[] {
  const offset = zoneOffsetMs(dayMs - DAY_MS, zone)
  if (offset === zoneOffsetMs(dayMs + 2 * DAY_MS, zone)) return wallMs => [wallMs - offset]
  return wallMs => momentsShowing(wallMs, zone)
}

function isDay({ days, weekdays, everyDay, everyWeekday }: CronTime, date: Date): boolean {
  const byDay = days.has(date.getUTCDate())
  const byWeekday = weekdays.has(date.getUTCDay())
  if (everyDay || everyWeekday) return byDay && byWeekday
  return byDay || byWeekday
}
