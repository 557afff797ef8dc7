import type { Session, SqlRow } from '../session.ts'

/** What a replica gets its changes from. */
export interface ReplicaSource {
  /** host:port */
  address: string
  /** One of its two threads runs, or is about to. */
  isRunning: boolean
}

/**
 * What the server says of each of its sources, stopped ones too; no row where it is no replica.
 *
 * @throws EcomdbError PRIVILEGE_MISSING without REPLICATION CLIENT, on MariaDB SLAVE MONITOR
 */
export async function replicaStatus(session: Session): Promise<SqlRow[]> {
  return await session.rows(statement(session))
}

/**
 * The sources of a replica, stopped ones too; none where the server is no replica. MySQL has SHOW REPLICA
 * STATUS since 8.0.22, and SHOW SLAVE STATUS until 8.4, whose columns have MariaDB's names.
 *
 * @throws EcomdbError PRIVILEGE_MISSING without REPLICATION CLIENT, on MariaDB SLAVE MONITOR
 */
export async function replicaSources(session: Session): Promise<ReplicaSource[]> {
  const rows = await replicaStatus(session)
  return rows.map(row => ({
    address: addressOf(row),
    isRunning: THREADS.some(thread => threadState(row, thread) !== 'No'),
  }))
}

export const THREADS = ['IO', 'SQL'] as const

/** 'Yes', 'No', or 'Connecting' and the like, of a row of `replicaStatus`. */
export function threadState(row: SqlRow, thread: (typeof THREADS)[number]): string {
  return String(row[`Replica_${thread}_Running`] ?? row[`Slave_${thread}_Running`])
}

/**
 * MariaDB, where the account may not see the sources: what the server shows to everybody. The position stays
 * when a replica has become a source.
 *
 * @throws EcomdbError of the connection
 */
export async function isOrWasReplica(session: Session): Promise<boolean> {
  const [running] = await session.rows("SHOW GLOBAL STATUS LIKE 'Slaves_running'")
  const got = await session.value('SELECT @@global.gtid_slave_pos')
  return Number(running?.['Value'] ?? 0) > 0 || Boolean(got)
}

/** host:port of a source, of a row of `replicaStatus`. */
export function addressOf(row: SqlRow): string {
  return `${row['Source_Host'] ?? row['Master_Host']}:${row['Source_Port'] ?? row['Master_Port']}`
}

function statement({ flavor }: Session): string {
  if (flavor.family === 'mariadb') return 'SHOW ALL SLAVES STATUS'
  return flavor.atLeast('mysql', 8, 2) ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS'
}
