import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError } from '#core/errors'
import { isDeadlock } from '../../server-error.ts'
import type { ConnectOptions, Session } from '../../session.ts'
import { openSession } from '../mysql2-session.ts'
import type { LockMethod } from './lock-methods.ts'

export interface LockLimits {
  /** Statements older than this, in seconds, are waited for. */
  longStatementSeconds: number
  /** How long to wait for them, and to try again, in seconds. */
  waitSeconds: number
  /** Writers never wait longer than this for one attempt, in seconds. */
  lockSeconds: number
}

/** A held lock: `release` it, and later `end` its session (which holds any DDL fence). */
export interface HeldLock {
  session: Session
  /** performance.now() since which writers may wait. */
  sinceMs: number
  release(): Promise<void>
}

/**
 * Gets the lock without an outage: no attempt is made while an old statement runs, and an
 * attempt that does not succeed within `lockSeconds` is undone before anything else.
 *
 * @param control another session of the same account, to look at and to end others
 * @throws EcomdbError NOT_CONSISTENT after `waitSeconds`; PRIVILEGE_MISSING
 */
export async function acquireWithoutOutage(
  method: LockMethod,
  tables: readonly { schema: string; name: string }[],
  connect: ConnectOptions,
  control: Session,
  limits: LockLimits,
): Promise<HeldLock> {
  const deadline = performance.now() + limits.waitSeconds * 1000
  while (true) {
    await waitForOldStatements(control, limits, deadline)
    const held = await attempt(method, tables, connect, control, limits.lockSeconds)
    if (held) return held
    if (performance.now() > deadline) throw noLock(method, limits)
    await sleep(RETRY_MS)
  }
}

const RETRY_MS = 500
/** At most so many statements of `LockMethod.acquire` each wait for lock_wait_timeout. */
const ACQUIRE_STATEMENTS = 2

/** @returns null when the lock was not granted in time; it is undone then */
async function attempt(
  method: LockMethod,
  tables: readonly { schema: string; name: string }[],
  connect: ConnectOptions,
  control: Session,
  lockSeconds: number,
): Promise<HeldLock | null> {
  const session = await openSession({ ...connect, database: undefined })
  try {
    await session.run(`SET SESSION lock_wait_timeout = ${lockSeconds}`)
    let sinceMs: number | null = null
    const blocking = (): void => {
      sinceMs = performance.now()
    }
    const acquired = method.acquire(session, tables, blocking)
    await withinTime(acquired, ACQUIRE_STATEMENTS * (lockSeconds + 1) * 1000)
    return {
      session,
      sinceMs: sinceMs ?? performance.now(),
      release: () => method.release(session),
    }
  } catch (error) {
    await dropSession(session, control)
    if (isDeadlock(error) || error instanceof LockTimeout) return null
    throw error
  }
}

/** Ends a session on both sides: the server may not notice a closed socket while it waits. */
export async function dropSession(session: Session, control: Session): Promise<void> {
  session.destroy()
  await control.run(`KILL CONNECTION ${session.connectionId}`).catch(() => {
    // It is gone already.
  })
}

class LockTimeout extends Error {}

async function withinTime(work: Promise<void>, ms: number): Promise<void> {
  const timer = new AbortController()
  const timeout = sleep(ms, undefined, { signal: timer.signal }).then(() => {
    throw new LockTimeout()
  })
  // The loser's outcome is of no interest.
  work.catch(() => {})
  timeout.catch(() => {})
  try {
    await Promise.race([work, timeout])
  } finally {
    timer.abort()
  }
}

/** What a person must know to act on a statement that runs for long. */
interface Statement {
  id: string
  user: string
  seconds: number
}

async function waitForOldStatements(
  control: Session,
  limits: LockLimits,
  deadline: number,
): Promise<void> {
  while (true) {
    const [oldest] = await oldStatements(control, limits.longStatementSeconds)
    if (!oldest) return
    if (performance.now() > deadline) throw stillRuns(oldest, limits)
    await sleep(RETRY_MS)
  }
}

/** Oldest first. Without PROCESS the account sees its own statements only. */
async function oldStatements(control: Session, olderThanSeconds: number): Promise<Statement[]> {
  const rows = await control.rows('SHOW PROCESSLIST')
  return rows
    .filter(row => RUNNING.has(String(row['Command'])) && !OWN_THREADS.has(String(row['User'])))
    .map(row => ({
      id: String(row['Id']),
      user: String(row['User']),
      seconds: Number(row['Time'] ?? 0),
    }))
    .filter(({ id, seconds }) => id !== String(control.connectionId) && seconds > olderThanSeconds)
    .sort((a, b) => b.seconds - a.seconds)
}

const RUNNING = new Set(['Query', 'Execute', 'Long Data', 'Fetch'])
/** Threads of the server itself: replication and the event scheduler. */
const OWN_THREADS = new Set(['system user', 'event_scheduler'])

function stillRuns({ id, user, seconds }: Statement, limits: LockLimits): EcomdbError {
  return new EcomdbError('NOT_CONSISTENT', {
    what: 'no consistent point could be got: a statement does not end',
    why: `connection ${id} of ${user} runs one for ${seconds} s; locking behind it would stop all writers, so nothing was locked (waited ${limits.waitSeconds} s)`,
    hints: [
      `run the backup when it has ended, or end it with KILL QUERY ${id}`,
      'raise --wait to wait longer',
    ],
  })
}

function noLock(method: LockMethod, limits: LockLimits): EcomdbError {
  return new EcomdbError('NOT_CONSISTENT', {
    what: 'no consistent point could be got: the lock was not granted',
    why: `${method.words} was tried for ${limits.waitSeconds} s, each time for at most ${limits.lockSeconds} s, and undone; nothing is locked now`,
    hints: ['run the backup at a quieter time, or raise --wait'],
  })
}
