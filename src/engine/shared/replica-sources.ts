import type { Position, SourcePosition } from '#domain/backup/position'
import type { Session, SqlRow } from '../session.ts'
import { sourcesOfLog } from './gtids-of-log.ts'
import { unlessRefused } from './logical/unless-refused.ts'
import { commitsInOrder, withPlacesOfWorkers } from './places-of-workers.ts'

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

/** Members of a group have channels of their own beside those of sources. */
export const isOfSource = (row: SqlRow): boolean =>
  !String(row['Channel_Name'] ?? '').startsWith('group_replication_')

/**
 * A position with that of each source, as the server says it now: under a lock nothing of them is applied
 * meanwhile. Nothing is added where the server has none, or the account may not see them.
 *
 * @param snapshot that was begun under the lock: what is locked itself may ask for nothing else
 */
export async function withSources(
  session: Session,
  position: Position | null,
  snapshot: { query(sql: string): Promise<readonly (readonly unknown[])[]> },
): Promise<Position | null> {
  if (position === null) return null
  const seen = await seenSources(session)
  if (seen.length === 0) return position
  const { engine, file, gtidSet } = position
  if (engine === 'mysql') {
    const ask = (sql: string) => snapshot.query(sql)
    const sources = await withPlacesOfWorkers(ask, seen, await commitsInOrder(session))
    return { ...position, sources }
  }
  // Without a place in its own log that lacks what it applies.
  const hasLog = file !== null
  return { ...position, sources: hasLog ? await sourcesOfLog(session, seen, gtidSet) : seen }
}

/** Those that the account may see. */
export async function seenSources(session: Session): Promise<SourcePosition[]> {
  const rows = (await unlessRefused(replicaStatus(session))) ?? []
  return rows.filter(isOfSource).map(sourceOf)
}

function sourceOf(row: SqlRow): SourcePosition {
  const file = row['Relay_Source_Log_File'] ?? row['Relay_Master_Log_File']
  const offset = row['Exec_Source_Log_Pos'] ?? row['Exec_Master_Log_Pos']
  const gtids = row['Gtid_Slave_Pos'] ?? row['Executed_Gtid_Set'] ?? ''
  return {
    channel: String(row['Channel_Name'] ?? row['Connection_name'] ?? ''),
    host: String(row['Source_Host'] ?? row['Master_Host']),
    port: Number(row['Source_Port'] ?? row['Master_Port']),
    file: file ? String(file) : null,
    offset: file ? Number(offset) : null,
    gtidSet: String(gtids).replaceAll('\n', ''),
  }
}

function statement({ flavor }: Session): string {
  if (flavor.family === 'mariadb') return 'SHOW ALL SLAVES STATUS'
  return flavor.atLeast('mysql', 8, 2) ? 'SHOW REPLICA STATUS' : 'SHOW SLAVE STATUS'
}
