import fc from 'fast-check'
import { createTask } from 'node-cron'
import { describe, expect, test } from 'vitest'
import { type CronTime, lastRun, nextRun, parseCronTime } from '#domain/schedule/cron-time'
import { wallTimeAt } from '#domain/time-zone'

const cron = (text: string): CronTime => {
  const time = parseCronTime(text)
  if (!time) throw new Error(`no time: ${text}`)
  return time
}
const ms = (iso: string): number => Date.parse(iso)
const runs = (text: string, zone: string, from: string, count: number): string[] => {
  const found: string[] = []
  for (let at = ms(from); found.length < count; ) {
    at = nextRun(cron(text), zone, at)
    found.push(new Date(at).toISOString().slice(0, 16))
  }
  return found
}

test.each([
  ['* * * * *'],
  ['30 1 * * sun'],
  ['*/15 8-17 * jan-mar mon-fri'],
  ['0 0 29 2 *'],
  ['5,10 0 1,15 * 7'],
])('%s is a time', text => expect(parseCronTime(text)?.text).toBe(text))

test.each([
  ['', '* * * *', '* * * * * *', '60 * * * *', '* 24 * * *', '* * 0 * *', '* * * 13 *'],
  ['* * * * 8', '*/0 * * * *', '5-1 * * * *', 'a * * * *', '1-2-3 * * * *', '0 0 31 2 *', '@daily'],
])('these are none', (...texts) => {
  expect(texts.filter(text => parseCronTime(text) !== null)).toEqual([])
})

describe('the clocks of Berlin', () => {
  // 2026-03-29: 02:00 becomes 03:00 (01:00 UTC). 2026-10-25: 03:00 becomes 02:00 (01:00 UTC).
  test.each([
    [
      '30 2 * * *',
      '2026-03-28T00:00Z',
      ['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30'],
    ],
    [
      '*/20 2 * * *',
      '2026-03-29T00:00Z',
      ['2026-03-29T01:00', '2026-03-30T00:00', '2026-03-30T00:20'],
    ],
    ['30 2 * * *', '2026-10-24T12:00Z', ['2026-10-25T00:30', '2026-10-26T01:30']],
    [
      '0 * * * *',
      '2026-10-24T23:30Z',
      ['2026-10-25T00:00', '2026-10-25T01:00', '2026-10-25T02:00'],
    ],
    ['0 * * * *', '2026-03-29T00:30Z', ['2026-03-29T01:00', '2026-03-29T02:00']],
    ['0 3 * * *', '2026-03-28T12:00Z', ['2026-03-29T01:00', '2026-03-30T01:00']],
  ])('%s after %s', (text, from, expected) => {
    expect(runs(text, 'Europe/Berlin', from, expected.length)).toEqual(expected)
  })

  test('Samoa left a whole day out, and its job was not', () => {
    const found = runs('30 2 30 12 *', 'Pacific/Apia', '2011-12-01T00:00Z', 1)
    expect(found).toEqual(['2011-12-30T10:00'])
  })
})

test('day of month or weekday where both are given, as cron does', () => {
  const found = runs('0 0 13 * fri', 'UTC', '2026-11-01T00:00Z', 4)
  expect(found).toEqual(
    ['2026-11-06', '2026-11-13', '2026-11-20', '2026-11-27'].map(day => `${day}T00:00`),
  )
})

test('29 February is found over the year that has none', () => {
  expect(runs('0 0 29 2 *', 'UTC', '2096-03-01T00:00Z', 1)).toEqual(['2104-02-29T00:00'])
})

const times = fc
  .record({
    minute: fc.constantFrom('0', '30', '*/20', '7,41'),
    hour: fc.constantFrom('*', '0', '1', '2', '3', '*/6', '22-23'),
    day: fc.constantFrom('*', '1', '15-20', '31'),
    weekday: fc.constantFrom('*', 'sun', '1-5'),
  })
  .map(one => cron(`${one.minute} ${one.hour} ${one.day} * ${one.weekday}`))
const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe')
const moments = fc.integer({ min: ms('2024-01-01T00:00Z'), max: ms('2028-01-01T00:00Z') })

test('next and last agree: nothing lies between two runs that follow one another', () => {
  fc.assert(
    fc.property(times, zones, moments, (time, zone, at) => {
      const next = nextRun(time, zone, at)
      expect(next).toBeGreaterThan(at)
      expect(lastRun(time, zone, next)).toBe(next)
      expect(lastRun(time, zone, next - 1)).toBeLessThanOrEqual(at)
      expect(nextRun(time, zone, lastRun(time, zone, at))).toBe(next)
    }),
    { numRuns: 60 },
  )
})

test('a run shows a minute that its time names, but for a leap of the clocks', () => {
  fc.assert(
    fc.property(times, moments, (time, at) => {
      const { minute, hour } = wallTimeAt(nextRun(time, 'UTC', at), 'UTC')
      expect(time.minutes).toContain(minute)
      expect(time.hours).toContain(hour)
    }),
    { numRuns: 60 },
  )
})

// Debian's crontab(5): a field is restricted that does not contain "*".
test('a star with a step is a star', () => {
  const from = '2026-11-01T12:00Z'
  // The first Sunday of a month, as it is written for cron.
  const first = ['2026-12-06T05:00', '2027-01-03T05:00', '2027-02-07T05:00']
  expect(runs('0 5 1-7 * */7', 'UTC', from, 3)).toEqual(first)
  expect(runs('0 5 */2 * sun', 'UTC', from, 2)).toEqual(['2026-11-15T05:00', '2026-11-29T05:00'])
  expect(parseCronTime('0 0 31 2 */2')).toBeNull()
  expect(runs('0 0 29 2 */7', 'UTC', '2088-03-01T00:00Z', 1)).toEqual(['2128-02-29T00:00'])
  const twice = ['2026-10-25T00:00', '2026-10-25T01:00', '2026-10-25T02:00']
  for (const hours of ['*/1', '0-23']) {
    expect(runs(`0 ${hours} * * *`, 'Europe/Berlin', '2026-10-24T23:30Z', 3)).toEqual(twice)
  }
})

// Where day and weekday are both given node-cron wants both; crontab(5) wants either.
test('as node-cron has it, in UTC', () => {
  const now = new Date()
  for (const text of ['30 1 * * *', '*/15 8-17 * * 1-5', '0 0 1 * *', '0 12 * * 5']) {
    const task = createTask(text, () => {}, { timezone: 'UTC' })
    const theirs = task.getNextRuns(5).map(run => run.getTime())
    let at = now.getTime()
    const ours = theirs.map(() => {
      at = nextRun(cron(text), 'UTC', at)
      return at
    })
    expect(ours, text).toEqual(theirs)
    void task.destroy()
  }
})
