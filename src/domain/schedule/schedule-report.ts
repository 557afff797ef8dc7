import type { Problem } from '../notify/decide-notices.ts'
import { lastRun } from './cron-time.ts'
import { decideRun } from './decide-run.ts'
import type { ScheduledJob } from './job.ts'
import { isFailing, type JobRun, type JobState, judgedRun } from './job-state.ts'

/** What `ecomdb schedule list` found. Times are ISO 8601, UTC. */
export interface ScheduleReport {
  policy: string
  timeZone: string
  stateFolder: string
  scheduler: {
    host: string
    pid: number
    kind: 'stays' | 'looks-in'
    startedAt: string
    seenAt: string
    /** It was seen lately. */
    alive: boolean
  } | null
  /** The crontab has the lines, and since when (ISO 8601, null: not known); null: it has not. */
  cron: { since: string | null } | null
  jobs: JobReport[]
  /** What needs a look. */
  problems: Problem[]
}

export interface JobReport {
  id: string
  command: string
  when: string
  running: boolean
  lastSuccessAt: string | null
  last: RunReport | null
  /** The last run that nobody has stopped: by it the job is judged. */
  judged: RunReport | null
  failures: number
  /** null: while it runs, or where a disk is waited for. */
  nextAt: string | null
  failing: boolean
  /** Its time has passed, and nobody has begun it. */
  late: boolean
  /** Its time came in the last two days, and this host knows of no run at all. */
  unseen: boolean
}

export interface RunReport {
  startedAt: string
  endedAt: string
  outcome: JobRun['outcome']
  status: number | null
  message: string | null
  hints: readonly string[]
}

/** What is known of one job, in the words of the report. */
export function jobReport(
  job: ScheduledJob,
  state: JobState,
  { now, present, running }: { now: number; present: boolean; running: boolean },
): JobReport {
  const { last } = state
  const stays = running && job.when.kind === 'always' && state.running !== null
  const decision = decideRun({ job, state, now, present })
  const nextAt = decision.start ? now : decision.nextAt
  return {
    id: job.id,
    command: ['ecomdb', ...job.argv].join(' '),
    when: whenText(job),
    running,
    lastSuccessAt: isoOf(state.lastSuccessAt),
    last: runReport(last),
    judged: runReport(judgedRun(state)),
    failures: state.failures,
    nextAt: running ? null : isoOf(nextAt),
    failing: isFailing(state, stays ? now - (state.running?.startedAt ?? now) : null),
    late: !running && isLate(job, state, now),
    unseen: !running && last === null && wasDue(job, now),
  }
}

function runReport(run: JobRun | null): RunReport | null {
  if (run === null) return null
  const { startedAt, endedAt, outcome, status, message, hints } = run
  return { startedAt: iso(startedAt), endedAt: iso(endedAt), outcome, status, message, hints }
}

/** A time has passed by an hour and more (and the jitter), and the job was not begun. */
function isLate(job: ScheduledJob, state: JobState, now: number): boolean {
  if (job.when.kind !== 'at') return false
  const due = lastRun(job.when.time, job.timeZone, now - job.jitterMs - LATE_MS)
  return due > (state.dueAt ?? state.since)
}

const LATE_MS = 3_600_000

function wasDue({ when, timeZone }: ScheduledJob, now: number): boolean {
  return when.kind === 'at' && lastRun(when.time, timeZone, now) > now - TWO_DAYS_MS
}

const TWO_DAYS_MS = 2 * 86_400_000

function whenText({ when }: ScheduledJob): string {
  if (when.kind === 'always') return 'always'
  if (when.kind === 'at') return when.time.text
  const hours = when.everyMs / 3_600_000
  return `when its disk is here, every ${Number(hours.toFixed(1))} h`
}

export const iso = (ms: number): string => new Date(ms).toISOString()
const isoOf = (ms: number | null): string | null => (ms === null ? null : iso(ms))
