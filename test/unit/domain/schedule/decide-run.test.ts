import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCronTime } from '#domain/schedule/cron-time'
import { type Decision, decideRun, outcomeOf } from '#domain/schedule/decide-run'
import { type JobSettings, jobsOfHost, type ScheduledJob } from '#domain/schedule/job'
import {
  begun,
  died,
  ended,
  isFailing,
  type JobState,
  judgedRun,
  newJobState,
  withoutFuture,
} from '#domain/schedule/job-state'
import { jobReport } from '#domain/schedule/schedule-report'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const T0 = Date.parse('2026-11-27T00:00:00Z')

function jobOf(when: JobSettings['when'], changes: Partial<ScheduledJob> = {}): ScheduledJob {
  return {
    ...{ id: 'logical', name: 'logical', argv: ['backup', 'logical'], timeZone: 'UTC' },
    ...{ host: 'database', usesServer: true, lane: 'server', copy: null, when },
    ...{ jitterMs: 0, limitMs: DAY, retries: 3, retryAfterMs: 5 * MINUTE, ...changes },
  }
}
const at = (text: string, changes: Partial<ScheduledJob> = {}): ScheduledJob => {
  const time = parseCronTime(text)
  if (!time) throw new Error(text)
  return jobOf({ kind: 'at', time }, changes)
}
const nightly = at('30 1 * * *')
const decide = (job: ScheduledJob, state: JobState, now: number, present = true): Decision =>
  decideRun({ job, state, now, present })

/** A run that starts and ends at the given moments. */
function withRun(
  state: JobState,
  dueAt: number,
  start: number,
  end: number,
  status: number,
): JobState {
  const run = { startedAt: start, endedAt: end, status, message: null, hints: [] }
  const running = begun(state, dueAt, start, 1)
  return ended(running, { ...run, outcome: outcomeOf(status) }, state)
}

describe('a job with a time', () => {
  const seen = newJobState(T0)
  const due = T0 + 90 * MINUTE

  test.each([
    ['before it', seen, T0 + HOUR, { start: false, nextAt: due }],
    ['at it', seen, due, { start: true, dueAt: due, why: 'due' }],
    [
      'a day later, the host was off',
      seen,
      due + DAY - 1,
      { start: true, dueAt: due, why: 'missed' },
    ],
    ['a week later: once', seen, due + 7 * DAY, { start: true, dueAt: due + 7 * DAY, why: 'due' }],
    [
      'first seen after it: that was not missed',
      newJobState(due + 1),
      due + HOUR,
      { start: false, nextAt: due + DAY },
    ],
    [
      'done',
      withRun(seen, due, due, due + HOUR, 0),
      due + 2 * HOUR,
      { start: false, nextAt: due + DAY },
    ],
    [
      'done with findings',
      withRun(seen, due, due, due + HOUR, 3),
      due + 2 * HOUR,
      { start: false, nextAt: due + DAY },
    ],
    [
      'failed: again in 5 minutes',
      withRun(seen, due, due, due + HOUR, 20),
      due + HOUR,
      { start: false, nextAt: due + HOUR + 5 * MINUTE },
    ],
    [
      'failed, and 5 minutes later',
      withRun(seen, due, due, due + HOUR, 20),
      due + HOUR + 5 * MINUTE,
      { start: true, dueAt: due, why: 'again' },
    ],
    [
      'a damaged snapshot is not tried again',
      withRun(seen, due, due, due + HOUR, 13),
      due + DAY - HOUR,
      { start: false, nextAt: due + DAY },
    ],
    [
      'stopped: it is due again',
      withRun(seen, due, due, due + MINUTE, 130),
      due + 2 * MINUTE,
      { start: true, dueAt: due, why: 'due' },
    ],
  ] as const)('%s', (_name, state, now, expected) => {
    expect(decide(nightly, state, now)).toEqual(expected)
  })

  test('it is tried as often as the policy says, with longer waits, then not before its next time', () => {
    let state = seen
    let now = due
    const starts: number[] = []
    for (let step = 0; step < 12; step += 1) {
      const decision = decide(nightly, state, now)
      if (!decision.start) {
        now = decision.nextAt ?? 0
        continue
      }
      starts.push(now - due)
      state = withRun(state, decision.dueAt, now, now, 20)
      if (starts.length === 4) break
    }
    expect(starts).toEqual([0, 5 * MINUTE, 15 * MINUTE, 35 * MINUTE])
    expect(decide(nightly, state, now)).toEqual({ start: false, nextAt: due + DAY })
    expect(decide(nightly, state, due + DAY)).toMatchObject({ start: true, why: 'due' })
    const next = withRun(state, due + DAY, due + DAY, due + DAY, 20)
    expect(decide(nightly, next, due + DAY)).toEqual({
      start: false,
      nextAt: due + DAY + 5 * MINUTE,
    })
  })

  test('killed in the middle: known as dead, and tried again', () => {
    const state = died(begun(seen, due, due, 1), due + HOUR)
    expect(state).toMatchObject({ running: null, failures: 1, last: { outcome: 'died' } })
    expect(decide(nightly, state, due + HOUR + 5 * MINUTE)).toMatchObject({
      start: true,
      why: 'again',
    })
  })

  test('a run by hand that is stopped says nothing: what failed has failed, and is tried again', () => {
    const failed = withRun(seen, due, due, due + HOUR, 20)
    const byHand = due + HOUR + MINUTE
    const stopped = withRun(failed, byHand, byHand, byHand + MINUTE, 130)
    expect(stopped).toMatchObject({ dueAt: due, failures: 1, last: { status: 130 } })
    expect([isFailing(stopped, null), judgedRun(stopped)?.status]).toEqual([true, 20])
    const again = byHand + 6 * MINUTE
    expect(decide(nightly, stopped, again)).toEqual({ start: true, dueAt: due, why: 'again' })
    // Nor is what found something.
    const found = withRun(seen, due, due, due + HOUR, 3)
    expect(judgedRun(withRun(found, byHand, byHand, byHand, 130))?.outcome).toBe('findings')
    // One that needs a person is not tried again by itself.
    const damaged = withRun(seen, due, due, due + HOUR, 13)
    const left = withRun(damaged, byHand, byHand, byHand, 130)
    expect(decide(nightly, left, again)).toEqual({ start: false, nextAt: due + DAY })
    // A state that a version before this one has written.
    const { judged: _, ...older } = withRun(seen, due, due, due + HOUR, 20)
    expect(isFailing(older, null)).toBe(true)
    expect(isFailing(withRun(older, byHand, byHand, byHand, 130), null)).toBe(true)
  })

  test('a clock that is put back by a year does not stop it for a year', () => {
    const done = withRun(seen, due, due, due + HOUR, 0)
    const now = due - 365 * DAY
    const sound = withoutFuture(done, now)
    expect(decide(nightly, sound, now + DAY)).toMatchObject({ start: true })
    expect(withoutFuture(done, due - 30 * MINUTE).dueAt).toBe(due)
    // The archiver of the log that failed just before waits for its five minutes, and not for an hour more.
    const failed = { ...done, last: done.last && { ...done.last, outcome: 'failed' as const } }
    expect(withoutFuture(failed, due - 30 * MINUTE).last?.endedAt).toBe(due - 30 * MINUTE)
  })
})

test('every due time is begun once, whenever it is looked, with whatever jitter', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 50, maxLength: 80 }),
      fc.integer({ min: 0, max: 180 }),
      (steps, jitterMinutes) => {
        const job = at('0 */4 * * *', { jitterMs: jitterMinutes * MINUTE })
        let state = newJobState(T0)
        let now = T0
        const begunTimes: number[] = []
        for (const minutes of steps) {
          now += minutes * MINUTE
          const decision = decide(job, state, now)
          if (!decision.start) {
            expect(decision.nextAt).toBeGreaterThan(now)
            continue
          }
          expect(decision.dueAt).toBeLessThanOrEqual(now)
          begunTimes.push(decision.dueAt)
          state = withRun(state, decision.dueAt, now, now, 0)
          // Asked again at once, by another process: no.
          expect(decide(job, state, now).start).toBe(false)
        }
        expect(new Set(begunTimes).size).toBe(begunTimes.length)
        expect(begunTimes).toEqual([...begunTimes].sort((a, b) => a - b))
        // A look every 5 hours at most: hardly one is left out.
        expect(begunTimes.length).toBeGreaterThanOrEqual(Math.floor((now - T0) / (9.5 * HOUR)))
      },
    ),
    { numRuns: 50 },
  )
})

describe('a job that always runs', () => {
  const binlog = jobOf({ kind: 'always' }, { id: 'binlog', name: 'binlog', retryAfterMs: 5000 })
  test('starts at once, and comes back with longer waits, five minutes at most', () => {
    let state = newJobState(T0)
    expect(decide(binlog, state, T0)).toEqual({ start: true, dueAt: T0, why: 'always' })
    const waits: number[] = []
    for (let attempt = 0; attempt < 9; attempt += 1) {
      state = withRun({ ...state, dueAt: T0 }, T0, T0, T0, 13)
      const decision = decide(binlog, state, T0)
      waits.push(decision.start ? 0 : ((decision.nextAt ?? 0) - T0) / 1000)
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300])
  })

  test('is in trouble since it has failed, until it has run for an hour', () => {
    const failed = withRun(newJobState(T0), T0, T0, T0, 30)
    const again = begun(failed, T0 + MINUTE, T0 + MINUTE, 1)
    const now = T0 + 61 * MINUTE
    const failing = (running: boolean, at: number) =>
      jobReport(binlog, running ? again : failed, { now: at, present: true, running }).failing
    expect([failing(false, now), failing(true, now - 1), failing(true, now)]).toEqual([
      ...[true, true, false],
    ])
  })
})

describe('a job that waits for a disk', () => {
  const copy = jobOf(
    { kind: 'appears', everyMs: DAY },
    { id: 'copy-disk', name: 'copy', copy: 'disk' },
  )
  const seen = newJobState(T0)
  const copied = { ...withRun(seen, T0, T0, T0 + MINUTE, 0), present: true }
  test.each([
    ['no disk', seen, T0, false, { start: false, nextAt: null }],
    ['a disk', seen, T0, true, { start: true, dueAt: T0, why: 'appeared' }],
    ['it stays', copied, T0 + HOUR, true, { start: false, nextAt: T0 + DAY }],
    ['it stays for a day', copied, T0 + DAY, true, { start: true, dueAt: T0 + DAY, why: 'due' }],
    [
      'it was away',
      { ...copied, present: false },
      T0 + HOUR,
      true,
      { start: true, dueAt: T0 + HOUR, why: 'appeared' },
    ],
  ] as const)('%s', (_name, state, now, present, expected) => {
    expect(decide(copy, state, now, present)).toEqual(expected)
  })
})

test('a host has the jobs that the policy gives it, and one for each copy', () => {
  const settings = { jitterMs: 0, limitMs: 0, retries: 0, retryAfterMs: 0 }
  const when = { kind: 'appears', everyMs: DAY } as const
  const jobs = new Map([
    ['logical', { ...settings, when: nightly.when }],
    ['copy', { ...settings, when }],
    ['drill', { ...settings, when: nightly.when }],
  ] as const)
  const runsOn = {
    backup: 'database',
    copy: 'vault',
    verify: 'vault',
    expire: 'vault',
    drill: 'drill',
    seal: 'vault',
    access: 'vault',
    reports: 'vault',
  } as const
  const idsOn = (host: 'all' | 'database' | 'vault' | 'drill') =>
    jobsOfHost({ timeZone: 'UTC', jobs }, runsOn, { host, copies: ['a', 'b'] }).map(({ id }) => id)
  expect(idsOn('all')).toEqual(['logical', 'copy-a', 'copy-b', 'drill'])
  expect(idsOn('database')).toEqual(['logical'])
  expect(idsOn('vault')).toEqual(['copy-a', 'copy-b'])
  expect(idsOn('drill')).toEqual(['drill'])
})
