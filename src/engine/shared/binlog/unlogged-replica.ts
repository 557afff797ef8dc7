import type { Session } from '../../session.ts'
import { unlessRefused } from '../logical/unless-refused.ts'
import { replicaSources } from '../replica-sources.ts'

/**
 * Is it a replica that does not write to its own binary log what it gets from its source? That is
 * MariaDB's default. Its rows change, and its log does not tell: no place in that log is a moment
 * of them.
 */
export async function isUnloggedReplica(session: Session): Promise<boolean> {
  const rows = await session.rows(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_slave_updates', 'log_replica_updates')",
  )
  if (rows.every(row => row['Value'] === 'ON')) return false
  const sources = await unlessRefused(replicaSources(session))
  if (sources) return sources.length > 0
  if (session.flavor.family === 'mysql') return true
  // MariaDB shows these to everybody. A position stays when a replica has become a source.
  const [running] = await session.rows("SHOW GLOBAL STATUS LIKE 'Slaves_running'")
  const got = await session.value('SELECT @@global.gtid_slave_pos')
  return Number(running?.['Value'] ?? 0) > 0 || Boolean(got)
}
