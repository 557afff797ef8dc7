import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '#core/errors'
import type { ConnectOptions, Session } from '../session.ts'
import { requireSource } from '../shared/logical/same-server.ts'
import { openSession } from '../shared/mysql2-session.ts'
import { mysqlLogicalDialect } from './logical-dialect.ts'

/** A wait that is shorter than the time between two looks is not seen, so the figure is never below it. */
const BETWEEN_LOOKS_MS = 50

/** Statements that write, or may; DDL is no writer of rows. */
const WRITES =
  '^statement/(sql/(insert|replace|update|delete|load|commit|rollback|xa_|call_procedure|execute_sql)|(com|stmt_handle)/execute|sp/stmt|scheduler/|abstract/(query|relay_log))'

/** Every session in such a statement, and what changes while that gets on. */
const LOOK = `SELECT e.THREAD_ID AS id, MAX(e.EVENT_ID) AS event, SUM(e.ROWS_EXAMINED) AS examined,
    (SELECT v.VARIABLE_VALUE FROM performance_schema.status_by_thread v
      WHERE v.THREAD_ID = e.THREAD_ID AND v.VARIABLE_NAME = 'Handler_write') AS written
  FROM performance_schema.events_statements_current e
 WHERE e.END_EVENT_ID IS NULL AND e.EVENT_NAME REGEXP '${WRITES}' GROUP BY e.THREAD_ID`

/** What the server does not show of its sessions. */
const UNSEEN = `SELECT
    (SELECT COUNT(*) FROM performance_schema.setup_consumers WHERE ENABLED = 'YES'
        AND NAME IN ('global_instrumentation', 'thread_instrumentation', 'events_statements_current')) AS consumers,
    (SELECT COUNT(*) FROM performance_schema.setup_instruments WHERE ENABLED = 'NO' AND NAME REGEXP '${WRITES}') AS statements,
    (SELECT COUNT(*) FROM performance_schema.threads WHERE TYPE = 'FOREGROUND' AND INSTRUMENTED = 'NO') AS sessions,
    (SELECT COALESCE(SUM(ENABLED = 'NO'), 0) + (COALESCE(SUM(ENABLED = 'YES' AND HOST = '%' AND USER = '%'), 0) = 0)
       FROM performance_schema.setup_actors) AS actors,
    (SELECT VARIABLE_VALUE FROM performance_schema.global_status
      WHERE VARIABLE_NAME = 'Performance_schema_thread_instances_lost') AS lost`

/** How long writers waited at most: null where it was not measured; in words either way. */
export interface WritersWaited {
  ms: number | null
  words: string
}

/**
 * Looks at every statement that writes, again and again, until it is ended. CLONE says nothing of who waits
 * for it, so this is of all waits together, for a row of another session, too: more than the truth, never less.
 */
export class WritersWatch {
  readonly #still = new StandStill()
  #session: Session | null = null
  #ended = false
  #failed: string | null = null
  #looking: Promise<void> = Promise.resolve()

  private constructor() {}

  /** Has looked once when it resolves. Never in the way of a backup: what fails is told at the end. */
  static async begin(connect: ConnectOptions, sourceId: string): Promise<WritersWatch> {
    const watch = new WritersWatch()
    await watch.#tryTo(async () => {
      const session = await openSession({ ...connect, database: undefined })
      watch.#session = session
      // Behind a balancer these may be the sessions of another server.
      await requireSource(mysqlLogicalDialect, session, sourceId)
      await requireSight(session)
      await watch.#look(session)
      watch.#looking = watch.#tryTo(() => watch.#keepLooking(session))
    })
    return watch
  }

  async end(): Promise<WritersWaited> {
    this.#ended = true
    await this.#looking
    const session = this.#session
    await this.#tryTo(async () => {
      if (!session) return
      await this.#look(session)
      await requireSight(session)
    })
    await session?.close()
    if (this.#failed !== null) {
      return { ms: null, words: `how long writers waited was not measured: ${this.#failed}` }
    }
    const ms = Math.ceil(this.#still.longestMs)
    return {
      ms,
      words: `looked at every statement that writes each ${BETWEEN_LOOKS_MS} ms while it was copied: none got no further for longer than ${ms} ms, whatever it waited for`,
    }
  }

  async #tryTo(work: () => Promise<void>): Promise<void> {
    if (this.#failed !== null) return
    try {
      await work()
    } catch (error) {
      this.#failed = messageOf(error)
    }
  }

  async #keepLooking(session: Session): Promise<void> {
    while (!this.#ended) {
      await sleep(BETWEEN_LOOKS_MS)
      await this.#look(session)
    }
  }

  async #look(session: Session): Promise<void> {
    const beganMs = performance.now()
    const rows = await session.rows(LOOK)
    const seen = rows.map(({ id, ...rest }) => [String(id), JSON.stringify(rest)] as const)
    this.#still.note(new Map(seen), beganMs, performance.now())
  }
}

/** @throws Error that says of what performance_schema shows nothing */
async function requireSight(session: Session): Promise<void> {
  const [row = {}] = await session.rows(UNSEEN)
  const of = (name: string): number => Number(row[name] ?? 0)
  if (of('consumers') < 3 || of('statements') > 0) {
    throw new Error('performance_schema does not show the statements that run')
  }
  // One that comes and goes between two looks would be in none of these counts.
  if (of('actors') > 0) {
    throw new Error(
      'performance_schema does not show sessions of every account (its setup_actors leave some out)',
    )
  }
  if (of('sessions') + of('lost') > 0) {
    throw new Error('performance_schema does not show every session')
  }
}

/** The longest time for which something was seen unchanged: from the look before the first to the one behind the last. */
export class StandStill {
  longestMs = 0
  #seen = new Map<string, { state: string; sinceMs: number }>()
  #lookedMs: number | null = null

  /**
   * @param states of what was there, by a name that stays
   * @param beganMs when the look began, and `endedMs`, when it had ended
   */
  note(states: ReadonlyMap<string, string>, beganMs: number, endedMs: number): void {
    // What came and went between two looks was seen by neither.
    const earliestMs = this.#lookedMs ?? beganMs
    for (const sinceMs of [earliestMs, ...[...this.#seen.values()].map(one => one.sinceMs)]) {
      this.longestMs = Math.max(this.longestMs, endedMs - sinceMs)
    }
    const seen = [...states].map(([name, state]) => {
      const before = this.#seen.get(name)
      const sinceMs = before?.state === state ? before.sinceMs : earliestMs
      return [name, { state, sinceMs }] as const
    })
    this.#seen = new Map(seen)
    this.#lookedMs = beganMs
  }
}
