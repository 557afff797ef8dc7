import type { Session } from '../../session.ts'
import { unlessRefused } from './unless-refused.ts'

/**
 * The oldest statement that runs for longer than this, in words. Without PROCESS the
 * account sees its own statements only.
 */
export async function oldestStatement(control: Session, seconds: number): Promise<string | null> {
  const rows = await control.rows('SHOW PROCESSLIST')
  const [oldest] = rows
    .filter(row => RUNNING.has(String(row['Command'])) && !OWN_THREADS.has(String(row['User'])))
    .filter(row => String(row['Id']) !== String(control.connectionId))
    .map(row => ({ id: row['Id'], user: row['User'], age: Number(row['Time'] ?? 0) }))
    .filter(({ age }) => age > seconds)
    .sort((a, b) => b.age - a.age)
  return oldest
    ? `connection ${oldest.id} of ${oldest.user} runs a statement for ${oldest.age} s`
    : null
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
