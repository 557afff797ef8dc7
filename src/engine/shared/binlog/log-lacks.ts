import { whyNotWhole } from '#domain/binlog/whole-log'
import type { Session, SqlRow } from '../../session.ts'
import { unlessRefused } from '../logical/unless-refused.ts'
import { isOrWasReplica, replicaSources } from '../replica-sources.ts'

/**
 * Why a replay of the server's binary log would lack changes, in words, or null. A log with holes looks like
 * one without: a restore to a moment would lack them unseen, and no place in it is a moment of the server's rows.
 *
 * @param status what the server says of its log
 */
export async function whyLogLacks(session: Session, status: SqlRow): Promise<string | null> {
  return whyNotWhole({
    only: String(status['Binlog_Do_DB'] ?? ''),
    without: String(status['Binlog_Ignore_DB'] ?? ''),
    format: (await session.value('SELECT @@global.binlog_format')) ?? '',
    unlogged: await isUnloggedReplica(session),
  })
}

/** The same where the account may not see what the server says, or there is no log. */
export async function lacksInLog(session: Session): Promise<boolean> {
  const [status] = (await unlessRefused(logStatus(session))) ?? []
  return (await whyLogLacks(session, status ?? {})) !== null
}

/** Where the log ends, and what it leaves out; no row where the server does not log. */
export async function logStatus(session: Session): Promise<SqlRow[]> {
  const isNew = session.flavor.atLeast('mysql', 8, 2)
  return await session.rows(isNew ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS')
}

/**
 * Is it a replica that does not write to its own binary log what it gets from its source? That is
 * MariaDB's default. Its rows change, and its log does not tell: no place in that log is a moment
 * of them.
 */
async function isUnloggedReplica(session: Session): Promise<boolean> {
  const rows = await session.rows(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_slave_updates', 'log_replica_updates')",
  )
  if (rows.every(row => row['Value'] === 'ON')) return false
  return await isReplica(session)
}

/** Where the account may not see it: perhaps. */
export async function isReplica(session: Session): Promise<boolean> {
  const sources = await unlessRefused(replicaSources(session))
  if (sources) return sources.length > 0
  if (session.flavor.family === 'mysql') return true
  return await isOrWasReplica(session)
}
