import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError } from '#core/errors'
import type { ConsistentOptions } from '../../logical-reader.ts'
import { isDeadlock } from '../../server-error.ts'
import type { ConnectOptions, Session } from '../../session.ts'
import { openSession } from '../mysql2-session.ts'
import type { LockMethod } from './lock-methods.ts'
import { requireSameServer } from './same-server.ts'

export interface LockLimits {
  /** Work older than this, in seconds, is waited for. */
  longStatementSeconds: number
  /** How long to wait for it, and to try again, in seconds. */
  waitSeconds: number
  /** Writers never wait longer than about this for one attempt, in seconds. */
  lockSeconds: number
}

export function limitsOf(options: ConsistentOptions): LockLimits {
  return {
    longStatementSeconds: options.longStatementSeconds ?? 5,
    waitSeconds: options.waitSeconds ?? 60,
    lockSeconds: options.lockSeconds ?? 2,
  }
}

/** What is done while commits are stopped. */
export interface UnderLock<Result> {
  /** Before the lock is asked for; may wait for up to `lockSeconds`. */
  before(method: LockMethod): Promise<void>
  /** When those that would be in the way are kept out, just before writers have to wait. */
  blocking(): Promise<void>
  /** While it is held: must be quick. */
  during(method: LockMethod, session: Session): Promise<Result>
  /** Undoes `during` when the attempt fails after it. */
  undo(): Promise<void>
}

/** An attempt that succeeded; its lock is gone again. */
export interface LockedMoment<Result> {
  method: LockMethod
  result: Result
  /** Milliseconds for which writers may have waited. */
  lockedMs: number
}

/**
 * Finds a moment to lock in without an outage. No attempt is made while the server does
 * what others would then wait behind; an attempt takes about `lockSeconds` at most, is
 * undone before anything else is done, and is tried again at growing distances. A method
 * that the account may not use is left out.
 *
 * @param control another session of the same account, to look at and to end others
 * @returns null when the account may use none of the methods
 * @throws EcomdbError NOT_CONSISTENT after `waitSeconds`
 */
export async function lockedMoment<Result>(
  methods: readonly LockMethod[],
  tables: readonly { schema: string; name: string }[],
  connect: ConnectOptions,
  control: Session,
  limits: LockLimits,
  work: UnderLock<Result>,
  onRefused: (method: LockMethod, why: string) => void,
  onLeft: (words: string) => void,
): Promise<LockedMoment<Result> | null> {
  const deadline = performance.now() + limits.waitSeconds * 1000
  const usable = new Set(methods)
  let pauseMs = FIRST_PAUSE_MS
  let obstacle = 'the lock was not granted in time'
  let left: string | null = null
  while (usable.size > 0) {
    for (const method of usable) {
      const found = await method.obstacle(control, limits.longStatementSeconds)
      if (found) {
        obstacle = found
        continue
      }
      try {
        const moment = await attempt(method, tables, connect, control, limits.lockSeconds, work)
        if (moment) return moment
        pauseMs *= 2
        if (method.leaves) onLeft(method.leaves)
        left = method.leaves ?? left
      } catch (error) {
        if (!isRefusal(error)) throw error
        usable.delete(method)
        onRefused(method, error.why ?? error.what)
      }
    }
    if (usable.size === 0) break
    if (performance.now() > deadline) throw noMoment([...usable], limits, obstacle, left)
    await sleep(Math.min(pauseMs, LONGEST_PAUSE_MS))
  }
  return null
}

/** Between looks and attempts; doubled after each attempt, so that writers get their turn. */
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 8000
/** For so long a session that was given up is waited for. */
const LET_GO_MS = 10_000

function isRefusal(error: unknown): error is EcomdbError {
  return error instanceof EcomdbError && error.code === 'PRIVILEGE_MISSING'
}

/** @returns null when a lock was not granted in time; all is undone then */
async function attempt<Result>(
  method: LockMethod,
  tables: readonly { schema: string; name: string }[],
  connect: ConnectOptions,
  control: Session,
  lockSeconds: number,
  work: UnderLock<Result>,
): Promise<LockedMoment<Result> | null> {
  const session = await openSession({ ...connect, database: undefined })
  try {
    await requireSameServer(control, sql => session.value(sql))
    await session.run(`SET SESSION lock_wait_timeout = ${lockSeconds}`)
    await work.before(method)
    let sinceMs: number | null = null
    const blocking = async (): Promise<void> => {
      sinceMs = performance.now()
      await work.blocking()
    }
    const locked = async (): Promise<Result> => {
      await method.acquire(session, tables, blocking)
      const result = await work.during(method, session)
      await method.release(session)
      return result
    }
    // Waits of lockSeconds, for the locks and for the fence, and time to open snapshots.
    const result = await withinTime(locked(), (3 * lockSeconds + 2) * 1000)
    const lockedMs = sinceMs === null ? 0 : Math.ceil(performance.now() - sinceMs)
    await session.close()
    return { method, result, lockedMs }
  } catch (error) {
    await dropSession(session, control)
    await work.undo()
    if (!isDeadlock(error) && !(error instanceof LockTimeout)) throw error
    await untilGone(session, control)
    return null
  }
}

/** Ends a session on both sides: the server may not notice a closed socket while it waits. */
async function dropSession(session: Session, control: Session): Promise<void> {
  session.destroy()
  await control.run(`KILL CONNECTION ${session.connectionId}`).catch(() => {
    // It is gone already.
  })
}

/** One that has opened thousands of tables takes some time to let go, and would be taken for what others run. */
async function untilGone({ connectionId }: Session, control: Session): Promise<void> {
  const until = performance.now() + LET_GO_MS
  while (performance.now() < until) {
    const rows = await control.rows('SHOW PROCESSLIST')
    if (!rows.some(row => String(row['Id']) === String(connectionId))) return
    await sleep(50)
  }
}

class LockTimeout extends Error {}

async function withinTime<Result>(work: Promise<Result>, ms: number): Promise<Result> {
  const timer = new AbortController()
  const timeout = sleep(ms, undefined, { signal: timer.signal }).then(() => {
    throw new LockTimeout()
  })
  // The loser's outcome is of no interest.
  work.catch(() => {})
  timeout.catch(() => {})
  try {
    return await Promise.race([work, timeout])
  } finally {
    timer.abort()
  }
}

function noMoment(
  methods: readonly LockMethod[],
  { waitSeconds }: LockLimits,
  obstacle: string,
  left: string | null,
): EcomdbError {
  const words = methods.map(method => method.words).join(', ')
  return new EcomdbError('NOT_CONSISTENT', {
    what: 'no consistent point could be got without making others wait',
    why: `${obstacle}; waited ${waitSeconds} s for a moment for ${words}; we hold no lock now${left ? `; but ${left}` : ''}`,
    hints: [
      'run the backup when that work has ended, or end it with KILL',
      'raise --wait to wait longer',
    ],
  })
}
