import { expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { decideRun } from '#domain/schedule/decide-run'
import type { ScheduledJob } from '#domain/schedule/job'
import { type JobState, newJobState } from '#domain/schedule/job-state'
import { runJob } from '#workflow/schedule/run-job'
import type { ScheduleContext } from '#workflow/schedule/schedule-context'

const RETRY_MS = 300_000
const JOB: ScheduledJob = {
  ...{ id: 'logical', name: 'logical', argv: ['backup', 'logical'], timeZone: 'UTC', copy: null },
  ...{ when: { kind: 'appears', everyMs: 86_400_000 }, jitterMs: 0, limitMs: 60_000 },
  ...{ host: 'database', usesServer: false, lane: 'server', retries: 3, retryAfterMs: RETRY_MS },
}

const ofError = (code: string, more = {}) => ({
  ...{ error: { code, what: 'it failed', hints: [], ...more }, warnings: [] },
})

test.each([
  ['a backup that met DDL', ofError('NOT_CONSISTENT'), 'again'],
  [
    'a copy from which something was removed',
    { result: { outcome: 'failed', again: true } },
    'again',
  ],
  ['a copy of what is damaged', { result: { outcome: 'failed', again: false } }, null],
  ['a backup whose --hold is too small', ofError('NOT_CONSISTENT', { again: false }), null],
  ['a damaged object', ofError('OBJECT_DAMAGED'), null],
  ['a gap of the log', ofError('BINLOG_GAP'), null],
])('of the exit status 13: %s', async (_what, document, why) => {
  const kept: JobState[] = []
  const context = {
    ...{ config: { file: null, notify: null }, clock: systemClock, onEvent: () => {} },
    files: { writeJob: async (_id: string, state: JobState) => kept.push(structuredClone(state)) },
    program: { file: '/bin/sh', args: ['-c', `echo '${JSON.stringify(document)}'; exit 13`] },
  } as unknown as ScheduleContext
  const dueAt = Date.now()
  await runJob(context, JOB, newJobState(0), { start: true, dueAt, why: 'due' })
  const state = JSON.parse(JSON.stringify(kept.at(-1))) as JobState
  expect(state).toMatchObject({ failures: 1, last: { outcome: 'failed', status: 13 } })
  const now = (state.last?.endedAt ?? 0) + RETRY_MS
  const decided = decideRun({ job: JOB, state, now, present: true })
  expect(decided.start ? decided.why : null).toBe(why)
})

test.each([
  [30, 'again'],
  [31, null],
])('a backup that met DDL after %i minutes', (minutes, why) => {
  const at = Date.now()
  const endedAt = at + minutes * 60_000
  const failed = { outcome: 'failed', status: 13, message: null, hints: [] } as const
  const last = { ...failed, startedAt: at, endedAt, code: 'NOT_CONSISTENT' }
  const state: JobState = { ...newJobState(0), present: true, dueAt: at, failures: 1, last }
  const decided = decideRun({ job: JOB, state, now: endedAt + RETRY_MS, present: true })
  expect(decided.start ? decided.why : null).toBe(why)
})
