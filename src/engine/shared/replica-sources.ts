import type { Session } from '../session.ts'

/** What a replica gets its changes from. */
export interface ReplicaSource {
  /** host:port */
  address: string
  /** One of its two threads runs, or is about to. */
  isRunning: boolean
}

/**
 * The sources of a replica, stopped ones too; none where the server is no replica. MySQL has SHOW REPLICA
 * STATUS since 8.0.22, and SHOW SLAVE STATUS until 8.4, whose columns have MariaDB's names.
 *
 * @throws EcomdbError PRIVILEGE_MISSING without REPLICATION CLIENT, on MariaDB SLAVE MONITOR
 */
export async function replicaSources(session: Session): Promise<ReplicaSource[]> {
  const rows = await session.rows<Record<string, string | number | null>>(statement(session))
  return rows.map(row => ({
    address: `${row['Source_Host'] ?? row['Master_Host']}:${row['Source_Port'] ?? row['Master_Port']}`,
    isRunning: ['IO', 'SQL'].some(
      thread => (row[`Replica_${thread}_Running`] ?? row[`Slave_${thread}_Running`]) !== 'No',
    ),
  }))
}

function statement({ flavor }: Session): string {
  if (flavor.family === 'mariadb') return 'SHOW ALL SLAVES STATUS'
  return flavor.atLeast('mysql', 8, 2) ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS'
}
