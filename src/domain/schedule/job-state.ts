/**
 * What is known of a job on a host, one file each. Times are in ms since 1970. A run is written
 * down before it starts: one that is there while nobody holds the job's lock has died.
 */
export interface JobState {
  format: 1
  /** When the job was first seen: times before that were not missed. */
  since: number
  /** The due time that was last begun. */
  dueAt: number | null
  running: { startedAt: number; pid: number | null } | null
  last: JobRun | null
  /** The last run that was not stopped: by it a job is judged. Missing in states of before: `last`. */
  judged?: JobRun | null
  /** The last run that did its work, also with findings. */
  lastSuccessAt: number | null
  /** In a row, of the same due time. */
  failures: number
  /** Of a job that waits for a copy: it was here when it was last looked for. */
  present: boolean
}

export type RunOutcome = 'done' | 'findings' | 'failed' | 'too-long' | 'died' | 'stopped'

export interface JobRun {
  startedAt: number
  endedAt: number
  outcome: RunOutcome
  /** The exit status; null when a signal ended it. */
  status: number | null
  /** The error's code and words, or what the run found; at most some lines. */
  message: string | null
  hints: readonly string[]
  /** The error's code. Missing in states of before, and where it ended without an error. */
  code?: string
  /** Its own report, or its error, says whether doing it again may end better, whatever its status. */
  again?: boolean
}

export function newJobState(now: number): JobState {
  return {
    ...{ format: 1, since: now, dueAt: null, running: null, last: null },
    ...{ lastSuccessAt: null, failures: 0, present: false },
  }
}

/** A run begins. */
export function begun(state: JobState, dueAt: number, startedAt: number, pid: number): JobState {
  const failures = state.dueAt === dueAt ? state.failures : 0
  return { ...state, dueAt, failures, running: { startedAt, pid } }
}

/**
 * A run has ended. One that was stopped (the scheduler, the host, Ctrl-C) says nothing: it is due again as it was
 * before it, and what failed then has failed still.
 */
export function ended(
  state: JobState,
  run: JobRun,
  before: Pick<JobState, 'dueAt' | 'failures'>,
): JobState {
  if (run.outcome === 'stopped') {
    const { dueAt, failures } = before
    return { ...state, running: null, last: run, judged: judgedRun(state), dueAt, failures }
  }
  const done = run.outcome === 'done' || run.outcome === 'findings'
  return {
    ...state,
    running: null,
    last: run,
    judged: run,
    lastSuccessAt: done ? run.endedAt : state.lastSuccessAt,
    failures: done ? 0 : state.failures + 1,
  }
}

/** The run that a job is judged by: one that was stopped is none. */
export function judgedRun({
  last,
  judged = last,
}: Pick<JobState, 'last' | 'judged'>): JobRun | null {
  return judged?.outcome === 'stopped' ? null : judged
}

/** A run that nobody has ended, and whose lock is free: it was killed. */
export function died(state: JobState, now: number): JobState {
  const { running } = state
  if (!running) return state
  const run: JobRun = {
    ...{ startedAt: running.startedAt, endedAt: now, outcome: 'died', status: null },
    message: 'the run was killed, or the host went down, before it ended',
    hints: ['nothing half-written counts: it is run again'],
  }
  return ended(state, run, state)
}

/** What ran for so long since it failed works again, if it is one that never ends by itself. */
const WORKS_AGAIN_MS = 3_600_000

/**
 * Is this job in trouble? Its last run did not do its work.
 *
 * @param runningMs for how long it has been running; null: it is not, or it is one that ends
 */
export function isFailing(state: JobState, runningMs: number | null): boolean {
  const run = judgedRun(state)
  if (run === null || run.outcome === 'done' || run.outcome === 'findings') return false
  return runningMs === null || runningMs < WORKS_AGAIN_MS
}

/**
 * A state from the future would keep a job from running until then: the clock was put back. By
 * less than an hour is waited for, so that nothing runs twice; but not for another attempt of what failed.
 */
export function withoutFuture(state: JobState, now: number): JobState {
  const limit = now + 3_600_000
  const { since, dueAt, last } = state
  return {
    ...state,
    since: since > limit ? now : since,
    dueAt: dueAt !== null && dueAt > limit ? now : dueAt,
    last:
      last && last.endedAt > now
        ? { ...last, startedAt: Math.min(last.startedAt, now), endedAt: now }
        : last,
  }
}
