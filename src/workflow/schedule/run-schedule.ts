import { hostname } from 'node:os'
import { EcomdbError, messageOf } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'
import { decideRun } from '#domain/schedule/decide-run'
import { type ScheduledJob, whenLookedIn } from '#domain/schedule/job'
import { died, type JobRun, type JobState, withoutFuture } from '#domain/schedule/job-state'
import { takeExclusiveLock } from '#process/exclusive-lock'
import { keepTicking } from './keep-ticking.ts'
import { runJob } from './run-job.ts'
import { isPresent, jobNamed, jobsOf, planOf, type ScheduleContext } from './schedule-context.ts'
import { isSeenLately, type SchedulerSeen } from './schedule-files.ts'
import { tellSchedule } from './tell-schedule.ts'

/** What ran, for text and --json. */
export interface ScheduleRunReport {
  ran: { job: string; outcome: JobRun['outcome']; status: number | null; message: string | null }[]
  /** Jobs that were due, in a lane where another process is at work. */
  busy: string[]
}

/** So often it is looked what is due. */
const TICK = '*/5 * * * * *'
/** So many in a row are no person's. */
const LOOKS_OF_CRON = 3
/** So often whoever waits for it hears that all is well. */
const HEARTBEAT = '*/5 * * * *'

/**
 * `ecomdb schedule run`: stays, and runs each job when it is due, until a signal ends it.
 *
 * @throws EcomdbError USAGE when the host has no jobs; LOCKED when a scheduler stays already
 */
export async function staySchedule(context: ScheduleContext): Promise<never> {
  if (jobsOf(context).length === 0) throw nothingToDo(context)
  const release = await takeExclusiveLock({ name: `schedule ${context.files.key}`, waitMs: 0 })
  const startedAt = context.clock.now().getTime()
  const running = new Map<string, Promise<unknown>>()
  let failed: (error: unknown) => void = () => {}
  const failure = new Promise<never>((_resolve, reject) => {
    failed = reject
  })
  const plan = planOf(context)
  const tick = async (): Promise<void> => {
    await noteScheduler(context, { startedAt, kind: 'stays', plan })
    for (const [lane, jobs] of lanesOf(context)) {
      if (running.has(lane)) continue
      const work = runLane(context, lane, jobs).finally(() => running.delete(lane))
      running.set(lane, work)
      work.catch(failed)
    }
  }
  const end = await keepTicking(
    context.clock,
    { at: TICK, run: () => tick().catch(failed) },
    { at: HEARTBEAT, run: () => beat(context) },
  )
  try {
    await tick()
    await beat(context)
    return await failure
  } finally {
    await end()
    await release()
  }
}

/**
 * `ecomdb schedule run --due`: for cron. Runs what is due, each lane beside the others, and ends.
 *
 * @param byHand at a terminal: that somebody looked once says nothing of who looks from now on
 */
export async function runDueJobs(
  context: ScheduleContext,
  { byHand }: { byHand: boolean },
): Promise<ScheduleRunReport> {
  if (!byHand) await noteLook(context)
  const lanes = await Promise.all(
    [...lanesOf(context)].map(([lane, jobs]) => runLane(context, lane, jobs.map(whenLookedIn))),
  )
  await beat(context)
  return { ran: lanes.flatMap(({ ran }) => ran), busy: lanes.flatMap(({ busy }) => busy) }
}

async function beat(context: ScheduleContext): Promise<void> {
  const at = context.clock.now().toISOString()
  const failed = await tellSchedule(context, { heartbeat: true }).catch((error: unknown) => [
    messageOf(error),
  ])
  for (const text of failed) context.onEvent({ at, job: 'scheduler', event: 'warning', text })
}

/**
 * `ecomdb schedule run JOB`: now, whatever the time; after what runs in its lane.
 *
 * @throws EcomdbError USAGE, LOCKED
 */
export async function runJobNow(
  context: ScheduleContext,
  id: string,
  waitMs: number,
): Promise<JobRun> {
  const job = jobNamed(context, id)
  const release = await takeExclusiveLock({ name: laneLock(context, job.lane), waitMs })
  try {
    const now = context.clock.now().getTime()
    const state = await soundState(context, job, now)
    // Nobody would begin it anew.
    const once = { ...context, readWorksBy: undefined }
    return await runJob(once, job, state, { start: true, dueAt: now, why: 'due' })
  } finally {
    await release()
  }
}

/** The jobs that are run one after another, in the policy's order. */
function lanesOf(context: ScheduleContext): Map<string, ScheduledJob[]> {
  return Map.groupBy(jobsOf(context), ({ lane }) => lane)
}

const laneLock = ({ files }: ScheduleContext, lane: string): string =>
  `schedule ${files.key}, lane ${lane}`

/** Runs the jobs of a lane that are due, one after another, while no other process does. */
async function runLane(
  context: ScheduleContext,
  lane: string,
  jobs: readonly ScheduledJob[],
): Promise<ScheduleRunReport> {
  const release = await takeExclusiveLock({ name: laneLock(context, lane), waitMs: 0 }).catch(
    (error: unknown) => {
      if (error instanceof EcomdbError && error.code === 'LOCKED') return null
      throw error
    },
  )
  if (!release) return { ran: [], busy: jobs.map(({ id }) => id) }
  const ran: ScheduleRunReport['ran'] = []
  try {
    for (const job of jobs) {
      const run = await runWhenDue(context, job)
      if (!run) continue
      const { outcome, status, message } = run
      ran.push({ job: job.id, outcome, status, message })
      if (outcome === 'stopped') break
    }
  } finally {
    await release()
  }
  return { ran, busy: [] }
}

/** Nothing is started any more once a signal has come, while the jobs at work clean up. */
async function runWhenDue(context: ScheduleContext, job: ScheduledJob): Promise<JobRun | null> {
  throwIfInterrupted()
  const now = context.clock.now().getTime()
  const present = await isPresent(job, context)
  const state = await soundState(context, job, now)
  const decision = decideRun({ job, state, now, present })
  if (decision.start) return await runJob(context, job, state, decision)
  if (state.present !== present) await context.files.writeJob(job.id, { ...state, present })
  return null
}

/** The state, after what no process can have written down: a run that died, a clock put back. */
async function soundState(
  { files, onEvent, clock }: ScheduleContext,
  { id }: ScheduledJob,
  now: number,
): Promise<JobState> {
  const read = await files.readJob(id, now)
  const state = died(withoutFuture(read, now), now)
  if (read.running !== null) {
    const at = clock.now().toISOString()
    onEvent({ at, job: id, event: 'warning', text: 'its last run was killed before it ended' })
  }
  // The first look counts: times before it were not missed.
  if (state.last !== read.last || state.since === now) await files.writeJob(id, state)
  return state
}

async function noteScheduler(
  { files, clock }: ScheduleContext,
  seen: Pick<SchedulerSeen, 'startedAt' | 'kind' | 'plan' | 'after'>,
): Promise<void> {
  const seenAt = clock.now().getTime()
  await files.writeScheduler({ format: 1, host: hostname(), pid: process.pid, seenAt, ...seen })
}

/** One that stays is not put in the shade: it may stop in a moment, and nobody would be told. */
async function noteLook(context: ScheduleContext): Promise<void> {
  const now = context.clock.now().getTime()
  const seen = await context.files.readScheduler()
  if (seen?.kind === 'stays' && isSeenLately(seen, now)) return
  const { after, ...last } = seen ?? {}
  const stopped =
    seen?.kind === 'stays'
      ? { ...(last as SchedulerSeen), looks: 1 }
      : after && oneMore(after, seen, now)
  await noteScheduler(context, {
    startedAt: now,
    kind: 'looks-in',
    ...(stopped && { after: stopped }),
  })
}

/** Looks that follow one another as cron's do count; one by hand, now and then, does not. */
function oneMore(
  after: NonNullable<SchedulerSeen['after']>,
  seen: SchedulerSeen | null,
  now: number,
): SchedulerSeen['after'] {
  const looks = seen !== null && isSeenLately(seen, now) ? after.looks + 1 : 1
  return looks < LOOKS_OF_CRON ? { ...after, looks } : undefined
}

function nothingToDo({ config, policy }: ScheduleContext): EcomdbError {
  return new EcomdbError('USAGE', {
    what: 'this host has no jobs',
    why: policy.schedule.jobs.size
      ? `${policy.file} has its jobs run on other hosts than ${config.runsOn}`
      : `${policy.file} has no schedule`,
    hints: ['add `schedule:` to the recovery policy: policies/recovery.yaml has an example'],
  })
}
