import type { Session } from '../../session.ts'
import { unlessRefused } from './unless-refused.ts'

/**
 * A statement that has run for longer than this, in words; the seconds may be parts of one. Where the
 * performance schema is off, or not the account's to read, only whole seconds are known: those above one.
 */
export async function statementRunning(control: Session, seconds: number): Promise<string | null> {
  const rows = await unlessRefused(
    control.rows(
      `SELECT t.PROCESSLIST_ID AS id, t.PROCESSLIST_USER AS user, ROUND(e.TIMER_WAIT / 1e12, 1) AS age
         FROM performance_schema.events_statements_current e
         JOIN performance_schema.threads t ON t.THREAD_ID = e.THREAD_ID
        WHERE e.END_EVENT_ID IS NULL AND e.NESTING_EVENT_LEVEL = 0 AND e.TIMER_WAIT > ? * 1e12
          AND t.PROCESSLIST_ID <> CONNECTION_ID() AND t.PROCESSLIST_COMMAND IN ('Query', 'Execute')
        ORDER BY e.TIMER_WAIT DESC LIMIT 1`,
      [seconds],
    ),
  )
  const [oldest] = rows ?? []
  if (oldest) return inWords(oldest['id'], oldest['user'], oldest['age'])
  return await oldestStatement(control, Math.max(1, seconds))
}

/**
 * The oldest statement that runs for longer than this, in words. Without PROCESS the
 * account sees its own statements only.
 */
async function oldestStatement(control: Session, seconds: number): Promise<string | null> {
  const rows = await control.rows('SHOW PROCESSLIST')
  const [oldest] = rows
    .filter(row => RUNNING.has(String(row['Command'])) && !OWN_THREADS.has(String(row['User'])))
    .filter(row => String(row['Id']) !== String(control.connectionId))
    .map(row => ({ id: row['Id'], user: row['User'], age: Number(row['Time'] ?? 0) }))
    .filter(({ age }) => age > seconds)
    .sort((a, b) => b.age - a.age)
  return oldest ? inWords(oldest.id, oldest.user, oldest.age) : null
}

/**
 * A statement runs that may swap tables, or waits to. Without PROCESS the account sees its own statements only. An EXCHANGE PARTITION
 * that waits for a writer keeps nobody from reading, and on MariaDB no BACKUP STAGE waits for it (9.7 and 10.11, measured).
 */
export async function swapRuns(control: Session): Promise<boolean> {
  const rows = await control.rows('SHOW FULL PROCESSLIST')
  return rows.some(({ Info, State }) =>
    /\b(ALTER|RENAME)\b|metadata lock/i.test(`${Info ?? ''} ${State ?? ''}`),
  )
}

function inWords(id: unknown, user: unknown, age: unknown): string {
  return `connection ${id} of ${user} runs a statement for ${age} s`
}

const RUNNING = new Set(['Query', 'Execute', 'Long Data', 'Fetch'])
/** Threads of the server itself: replication and the event scheduler. */
const OWN_THREADS = new Set(['system user', 'event_scheduler'])

/**
 * The oldest transaction that has written and is open for longer than this, in words.
 * Without PROCESS none is seen, and a lock that waits for one times out.
 */
export async function oldestWriter(control: Session, seconds: number): Promise<string | null> {
  const rows = await unlessRefused(
    control.rows(
      // trx_started is in the server's own time zone, whatever the session's is.
      `SELECT trx_mysql_thread_id AS id,
              TIMESTAMPDIFF(SECOND, trx_started,
                            CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', 'SYSTEM')) AS age
         FROM information_schema.INNODB_TRX WHERE trx_rows_modified > 0
        ORDER BY trx_started LIMIT 1`,
    ),
  )
  const [oldest] = rows ?? []
  const age = Number(oldest?.['age'] ?? 0)
  return oldest && age > seconds
    ? `connection ${oldest['id']} has a transaction open for ${age} s that has written`
    : null
}
