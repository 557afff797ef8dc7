import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '#core/clock'
import type { AccountName } from '#domain/schema/service-accounts'
import type { Engine } from '#engine/engine'
import type { Session } from '#engine/session'

/** Between two looks. */
const LOOK_MS = 40
/** How long a connection that was logging in when the accounts were locked may take for it. */
const ENTRY_MS = 600
/** Sessions that are still there by then roll back, or the server is stuck. */
const PATIENCE_MS = 15_000

export interface EndedSessions {
  sessionsEnded: number
  enteringEnded: number
  /** Did two looks in a row find nothing? */
  dead: boolean
  /** Still there, rolling back: they can read nothing more. */
  rollingBack: number
}

/**
 * Kills the sessions of accounts until two looks in a row find none. A login that had passed
 * the server's check before the lock is a session only a moment later; and one that had told
 * the user's name by then may stop in the middle of the handshake, and finish when it likes
 * (MySQL and MariaDB look at the lock that they read at the beginning). So those that were
 * logging in at the first look are waited for, a little, and then ended too.
 *
 * @param isClosed tells whether the accounts are locked here: on a replica that may take a while.
 *   'open': they are not, so there is no end to wait for: who is in is put out, once
 */
export async function endSessions(
  engine: Engine,
  session: Session,
  accounts: readonly AccountName[],
  clock: Clock,
  isClosed: 'open' | (() => Promise<boolean>) = async () => true,
): Promise<EndedSessions> {
  if (isClosed === 'open') return await endOnce(engine, session, accounts, clock)
  const started = clock.monotonicMs()
  const ended = new Set<number>()
  const entered = new Set<number>()
  let suspects: Set<number> | null = null
  let closedAt = started
  let empty = 0
  for (;;) {
    const closed: boolean = suspects !== null || (await isClosed())
    const { open, entering } = await engine.sessions.list(session, accounts)
    if (closed && suspects === null) {
      suspects = new Set(entering.map(({ id }) => id))
      closedAt = clock.monotonicMs()
    }
    const now = clock.monotonicMs()
    const late = entering.filter(({ id }) => suspects?.has(id))
    const overdue = now - closedAt >= ENTRY_MS ? late : []
    const running = open.filter(({ ending }) => !ending)
    for (const { id } of running) ended.add(id)
    for (const { id } of overdue) entered.add(id)
    await engine.sessions.kill(
      session,
      [...running, ...overdue].map(({ id }) => id),
    )
    empty = closed && open.length === 0 && late.length === 0 ? empty + 1 : 0
    const isOver = empty === 2 || now - started > PATIENCE_MS
    if (isOver) {
      return {
        sessionsEnded: ended.size,
        enteringEnded: entered.size,
        dead: empty === 2,
        rollingBack: open.filter(({ ending }) => ending).length,
      }
    }
    await sleep(LOOK_MS)
  }
}

/** Until those that were found are gone: the person may come in again, with what is left. */
async function endOnce(
  engine: Engine,
  session: Session,
  accounts: readonly AccountName[],
  clock: Clock,
): Promise<EndedSessions> {
  const { open } = await engine.sessions.list(session, accounts)
  const ids = open.map(({ id }) => id)
  await engine.sessions.kill(session, ids)
  const started = clock.monotonicMs()
  for (;;) {
    const left = (await engine.sessions.list(session, accounts)).open.filter(({ id }) =>
      ids.includes(id),
    )
    const ended = { sessionsEnded: ids.length, enteringEnded: 0, rollingBack: left.length }
    if (left.length === 0) return { ...ended, dead: true }
    if (clock.monotonicMs() - started > PATIENCE_MS) return { ...ended, dead: false }
    await sleep(LOOK_MS)
  }
}
