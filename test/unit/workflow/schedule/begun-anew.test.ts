import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from '#core/clock'
import type { ScheduledJob } from '#domain/schedule/job'
import { newJobState } from '#domain/schedule/job-state'
import { runJob } from '#workflow/schedule/run-job'
import type { ScheduleContext } from '#workflow/schedule/schedule-context'

afterEach(() => void vi.useRealTimers())

/** Ends when it is asked to, as ecomdb does. */
const STAYS = `trap 'echo "{\\"warnings\\":[]}"; exit 130' TERM; while :; do sleep 0.05; done`

/** Has not come so far as to hear of signals. */
const BEGINS = 'while :; do sleep 0.05; done'

const JOB: ScheduledJob = {
  ...{ id: 'binlog', name: 'binlog', argv: ['backup', 'binlog'], timeZone: 'UTC', copy: null },
  ...{ when: { kind: 'always' }, jitterMs: 0, limitMs: 60_000, retries: 0, retryAfterMs: 1000 },
  ...{ host: 'database', usesServer: false, lane: 'binlog' },
}

test.each([
  ['stays', STAYS, 130],
  ['begins', BEGINS, null],
])(
  'a job that %s is ended when ecomdb.yaml says other keys, and has not failed',
  async (_what, script, status) => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    let says: string | null = 'old keys'
    let isOver = false
    const events: string[] = []
    const context = {
      ...{ config: { file: null, notify: null }, clock: systemClock },
      files: { writeJob: async () => {} },
      program: { file: '/bin/sh', args: ['-c', script], env: {} },
      onEvent: ({ text }: { text: string }) => events.push(text),
      readWorksBy: async () => says,
    } as unknown as ScheduleContext
    const running = runJob(context, JOB, newJobState(0), { start: true, dueAt: 0, why: 'always' })
    void running.finally(() => {
      isOver = true
    })
    const minutes = async () => {
      await vi.advanceTimersByTimeAsync(120_000)
      await new Promise(resolve => setTimeout(resolve, 300))
    }
    await minutes()
    // While somebody edits it.
    says = null
    await minutes()
    says = 'old keys'
    await minutes()
    expect([isOver, events]).toEqual([false, ['it always runs']])
    says = 'new keys'
    await vi.advanceTimersByTimeAsync(15_000)
    expect(await running).toMatchObject({ outcome: 'stopped', status })
    expect(events[1]).toContain('it is begun anew')
  },
)
