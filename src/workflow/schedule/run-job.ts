import { EcomdbError, messageOf } from '#core/errors'
import { onInterrupt } from '#core/interruption'
import { type Decision, outcomeOf } from '#domain/schedule/decide-run'
import type { ScheduledJob } from '#domain/schedule/job'
import { begun, ended, type JobRun, type JobState } from '#domain/schedule/job-state'
import { type Child, type EndedChild, startChild } from '#process/run-child'
import type { ScheduleContext } from './schedule-context.ts'
import { tellSchedule } from './tell-schedule.ts'

/** How long a job that is asked to end may clean up: a scratch server, a partial upload. */
const GRACE_MS = 60_000
/** So often it is looked whether a job that never ends works by what ecomdb.yaml says. */
const LOOK_MS = 15_000

/**
 * Runs one job to its end, as a child of its own, and keeps its state. Called while the lane's
 * lock is held. A signal to us stops the child, and the run counts as stopped, not as failed.
 *
 * @throws EcomdbError STORAGE_FAILED when the state cannot be kept; the job's own failures are in
 *   the run
 */
export async function runJob(
  context: ScheduleContext,
  job: ScheduledJob,
  state: JobState,
  decision: Decision & { start: true },
): Promise<JobRun> {
  const { files, clock } = context
  const startedAt = clock.now().getTime()
  const running = { ...begun(state, decision.dueAt, startedAt, process.pid), present: true }
  await files.writeJob(job.id, running)
  tell(context, job, 'started', WHY[decision.why])
  const run = await attempt(context, job, startedAt)
  await files.writeJob(job.id, ended(running, run, state))
  tell(context, job, 'ended', runText(run))
  await tellAfter(context, job)
  return run
}

/** A mail server that is down must not stop the schedule. */
async function tellAfter(context: ScheduleContext, job: ScheduledJob): Promise<void> {
  const failed = await tellSchedule(context, { heartbeat: false }).catch((error: unknown) => [
    messageOf(error),
  ])
  for (const text of failed) tell(context, job, 'warning', text)
}

const WHY = {
  due: 'it is due',
  missed: 'its time was missed',
  again: 'it failed the last time',
  always: 'it always runs',
  appeared: 'its disk is here',
} as const

function tell(
  { clock, onEvent }: ScheduleContext,
  { id }: ScheduledJob,
  event: 'started' | 'ended' | 'warning',
  text: string,
): void {
  onEvent({ at: clock.now().toISOString(), job: id, event, text })
}

/** "done in 4 s", "failed (exit 20): SERVER_UNREACHABLE …" */
function runText({ outcome, status, message, startedAt, endedAt }: JobRun): string {
  const seconds = Math.round((endedAt - startedAt) / 1000)
  const exit = status === null || status === 0 ? '' : ` (exit ${status})`
  return `${outcome}${exit} after ${seconds} s${message ? `: ${message}` : ''}`
}

async function attempt(
  context: ScheduleContext,
  job: ScheduledJob,
  startedAt: number,
): Promise<JobRun> {
  const runOf = (rest: Omit<JobRun, 'startedAt' | 'endedAt'>): JobRun => ({
    ...{ startedAt, endedAt: context.clock.now().getTime() },
    ...rest,
  })
  try {
    const release = await serverLock(context, job)
    try {
      const { child, isAsked } = await runChild(context, job)
      return runOf(judge(job, child, isAsked))
    } finally {
      await release()
    }
  } catch (error) {
    if (!(error instanceof EcomdbError)) throw error
    const { code, message, hints, again, exitCode } = error
    const outcome = outcomeOf(exitCode)
    const told = {
      message: `${code}: ${message}`,
      hints,
      code,
      ...(again === false ? { again } : {}),
    }
    return runOf({ outcome, status: exitCode, ...told })
  }
}

async function serverLock(
  { lockOnServer }: ScheduleContext,
  { id, usesServer }: ScheduledJob,
): Promise<() => Promise<void>> {
  if (!usesServer) return async () => {}
  const release = await lockOnServer(id)
  if (release) return release
  throw new EcomdbError('LOCKED', {
    what: `another host runs ${id} on this server`,
    why: `it holds the server's lock ecomdb.job.${id}`,
    hints: ['schedule the job on one of the hosts only; the lock goes with its holder'],
  })
}

/** @returns isAsked: it was we who asked it to end */
async function runChild(
  context: ScheduleContext,
  job: ScheduledJob,
): Promise<{ child: EndedChild; isAsked: boolean }> {
  const { program, config } = context
  const isStaying = job.when.kind === 'always'
  let before = isStaying ? await context.readWorksBy?.() : null
  const where = config.file === null ? [] : ['--config', config.file]
  const args = [...job.argv, ...where, '--json', '--quiet']
  const child = startChild(program, args, { limitMs: job.limitMs, graceMs: GRACE_MS })
  let isAsked = false
  const forget = onInterrupt(() => {
    isAsked = true
    return stopAndWait(child)
  })
  const watch = setInterval(async () => {
    if (!isStaying || isAsked) return
    const now = await context.readWorksBy?.()
    // It could not be read when the job began.
    before ??= now
    if (!now || now === before || isAsked) return
    isAsked = true
    tell(context, job, 'warning', 'ecomdb.yaml says other keys or places now: it is begun anew')
    child.stop()
  }, LOOK_MS)
  try {
    return { child: await child.ended, isAsked }
  } finally {
    clearInterval(watch)
    forget()
  }
}

/** Its run is written down once it has ended, a moment after. */
async function stopAndWait(child: Child): Promise<void> {
  child.stop()
  await child.ended.catch(() => {})
  await new Promise(resolve => setTimeout(resolve, 200))
}

/**
 * What a child's end means, by its exit status and the one document that it printed. One that somebody else has
 * asked to end (a person, what frees memory) did not do its work: it would be begun again at once, for ever, and
 * nobody would be told.
 */
function judge(
  job: ScheduledJob,
  child: EndedChild,
  isAsked: boolean,
): Omit<JobRun, 'startedAt' | 'endedAt'> {
  const { status, signal, tookTooLong, stdout, stderr } = child
  if (tookTooLong) {
    return {
      ...{ outcome: 'too-long', status },
      message: `it was ended after ${Math.round(job.limitMs / 60_000)} minutes, its limit`,
      hints: ['raise its limit in the recovery policy, or find out what it waited for'],
    }
  }
  if (status === null) {
    const lines = stderr.trim().split('\n').slice(-3).join('; ')
    // Asked in the moment in which it begins, before it hears of signals.
    const outcome = isAsked && signal === 'SIGTERM' ? 'stopped' : 'died'
    return { outcome, status, message: `killed by ${signal}: ${lines}`, hints: [] }
  }
  const { error, warnings, result } = documentOf(stdout)
  const message = error ? `${error.code}: ${error.what}${error.why ? `: ${error.why}` : ''}` : null
  const warned = warnings.length > 0 ? warnings.join('; ') : null
  const outcome = outcomeOf(status)
  return {
    outcome: outcome === 'stopped' && !isAsked ? 'died' : outcome,
    status,
    message: message ?? warned,
    hints: error?.hints ?? [],
    ...(error ? { code: error.code } : {}),
    ...(result?.again === true ? { again: true } : error?.again === false ? { again: false } : {}),
  }
}

interface JobDocument {
  error?: { code: string; what: string; why?: string | null; hints: string[]; again?: boolean }
  /** What another run brings, or may: see CopyReport. */
  result?: { again?: boolean } | null
  warnings: string[]
}

function documentOf(stdout: string): JobDocument {
  try {
    const parsed = JSON.parse(stdout) as Partial<JobDocument>
    return { ...parsed, warnings: parsed.warnings ?? [] }
  } catch (error) {
    return { warnings: [`it printed no document: ${messageOf(error)}`] }
  }
}
