import { type ErrorCode, EXIT, type ExitStatus } from '#core/errors'
import { type CronTime, lastRun, nextRun } from './cron-time.ts'
import type { ScheduledJob } from './job.ts'
import { type JobRun, type JobState, judgedRun, type RunOutcome } from './job-state.ts'

/** Whether a job is to be started now. */
export type Decision =
  | { start: true; dueAt: number; why: 'due' | 'missed' | 'again' | 'always' | 'appeared' }
  /** `nextAt` is null where something else than time is waited for: a disk. */
  | { start: false; nextAt: number | null }

export interface DecideInput {
  job: ScheduledJob
  state: JobState
  now: number
  /** Of a job that waits for a copy: is its disk here? */
  present: boolean
}

/**
 * Pure: what the policy, the state and the clock say. A due time is done once, however often and
 * by however many processes this is asked; times that were missed (the host was off) are made up
 * for by one run.
 */
export function decideRun(input: DecideInput): Decision {
  const { job, state, now, present } = input
  if (job.when.kind === 'appears' && !present) return { start: false, nextAt: null }
  const again = retryAt(job, state)
  if (again !== null) {
    return again <= now
      ? { start: true, dueAt: state.dueAt ?? now, why: 'again' }
      : { start: false, nextAt: again }
  }
  if (job.when.kind === 'always') return { start: true, dueAt: now, why: 'always' }
  if (job.when.kind === 'appears') return decideAppearance(state, now, job.when.everyMs)
  return decideTime(job, job.when.time, state, now)
}

function decideTime(job: ScheduledJob, time: CronTime, state: JobState, now: number): Decision {
  const due = lastRun(time, job.timeZone, now)
  const next = nextRun(time, job.timeZone, now)
  if (due <= (state.dueAt ?? state.since)) {
    return { start: false, nextAt: next + jitter(job, next, next - due) }
  }
  const at = due + jitter(job, due, next - due)
  if (at > now) return { start: false, nextAt: at }
  return { start: true, dueAt: due, why: now - at > PUNCTUAL_MS ? 'missed' : 'due' }
}

/** Longer than any tick of the scheduler: then it was not running. */
const PUNCTUAL_MS = 10 * 60_000

/** A disk that has come, or that has stayed for so long since the last copy. */
function decideAppearance(state: JobState, now: number, everyMs: number): Decision {
  if (!state.present) return { start: true, dueAt: now, why: 'appeared' }
  const at = (state.dueAt ?? 0) + everyMs
  return at <= now ? { start: true, dueAt: now, why: 'due' } : { start: false, nextAt: at }
}

/** When a run that failed is tried again; null when it is not. */
function retryAt(job: ScheduledJob, state: JobState): number | null {
  const { last, failures } = state
  const judged = judgedRun(state)
  if (!last || !judged || failures === 0) return null
  const always = job.when.kind === 'always'
  if (!always && (failures > job.retries || !isRetried(judged))) return null
  const longest = always ? 5 * 60_000 : 6 * 3_600_000
  return last.endedAt + Math.min(job.retryAfterMs * 2 ** Math.min(failures - 1, 20), longest)
}

/**
 * May another attempt end better? What needs a person (a wrong key, a damaged snapshot, a bad
 * configuration) is not tried again before its next time.
 */
function isRetried({ outcome, status, code, again, startedAt, endedAt }: JobRun): boolean {
  if (outcome === 'done' || outcome === 'findings') return false
  if (again !== undefined) return again
  if (PASSING.has(code) && endedAt - startedAt <= PASSING_MS) return true
  return status === null || !NEEDS_A_PERSON.has(status)
}

/**
 * A backup that met DDL, a long transaction or a failover found nothing that is wrong with what is stored: an hour
 * later it does, and the night would have no snapshot. Its exit status is that of what is damaged.
 */
const PASSING: ReadonlySet<string | undefined> = new Set<ErrorCode>(['NOT_CONSISTENT'])

/** What took longer would burden the server as long again and again, and writers may have waited. */
const PASSING_MS = 30 * 60_000

const NEEDS_A_PERSON: ReadonlySet<number> = new Set<ExitStatus>([
  EXIT.USAGE,
  EXIT.WRONG_IDENTITY,
  EXIT.VERIFICATION_FAILED,
  EXIT.PRIVILEGE_MISSING,
  EXIT.AUTHENTICATION_REFUSED,
  EXIT.BAD_CONFIGURATION,
])

/** What an exit status means for the schedule. */
export function outcomeOf(status: number): RunOutcome {
  if (status === EXIT.DONE) return 'done'
  if (status === EXIT.FINDINGS || status === EXIT.OBJECTIVE_MISSED) return 'findings'
  return status === EXIT.INTERRUPTED ? 'stopped' : 'failed'
}

/**
 * Between 0 and the job's jitter, and never more than half of the time between two runs; the same
 * for one due time, also after a restart.
 */
function jitter({ jitterMs, id }: ScheduledJob, due: number, periodMs: number): number {
  let hash = 2_166_136_261
  for (const unit of `${id} ${due}`) {
    hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 16_777_619)
  }
  return Math.floor(((hash >>> 0) / 2 ** 32) * Math.min(jitterMs, periodMs / 2))
}

/** Of several runs: that of a failure, else that of a finding, else 0. */
export function worstStatus(runs: readonly Pick<JobRun, 'outcome' | 'status'>[]): number {
  const failed = runs.find(({ outcome }) => outcome !== 'done' && outcome !== 'findings')
  if (failed) return failed.status || EXIT.TOOL_FAILED
  return runs.find(({ status }) => status)?.status ?? EXIT.DONE
}
