import type { Session, SqlRow } from '../session.ts'
import { clusterLacks } from './cluster-lacks.ts'
import { unlessRefused } from './logical/unless-refused.ts'
import {
  addressOf,
  isOfSource,
  isOrWasReplica,
  replicaStatus,
  THREADS,
  threadState,
} from './replica-sources.ts'

/** Behind its source by more than this, in seconds, a replica's rows are not taken for those of now. */
const BEHIND = 600

/** What leaves changes of the source out, or makes them in another database. */
const FILTERS = [
  ...['Do_DB', 'Ignore_DB', 'Do_Table', 'Ignore_Table', 'Wild_Do_Table', 'Wild_Ignore_Table'],
  ...['Rewrite_DB', 'Do_Domain_Ids', 'Ignore_Domain_Ids', 'Ignore_Server_Ids'],
].map(name => `Replicate_${name}`)

/**
 * What a replica, or a node of a cluster, may lack of the rows of the others, in words: a backup of it is whole, and of now, as
 * it is; the shop is what its source has. Where the account may not see it, that is said, too.
 *
 * @throws EcomdbError of the connection
 */
export async function replicaLacks(session: Session): Promise<string[]> {
  const rows = await unlessRefused(replicaStatus(session))
  const ofSources = rows
    ? await seenLacks(session, rows.filter(isOfSource))
    : await unseenLacks(session)
  return [...ofSources, ...(await clusterLacks(session))]
}

async function seenLacks(session: Session, rows: readonly SqlRow[]): Promise<string[]> {
  const ofEach = rows.flatMap(row => [...filtered(row), ...notOfNow(row)])
  return rows.length === 0 ? [] : [...ofEach, ...(await dropsRows(session))]
}

/** Errors that it goes on behind, with the rows that they are of: the log of no server has a word of it. */
async function dropsRows(session: Session): Promise<string[]> {
  const shown = await session.rows(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN
       ('replica_skip_errors', 'slave_skip_errors', 'replica_exec_mode', 'slave_exec_mode')`,
  )
  const values = new Map(shown.map(row => [String(row['Variable_name']), String(row['Value'])]))
  // MySQL has both names for a while.
  const found = ['skip_errors', 'exec_mode'].flatMap(name => {
    const [known] = [`replica_${name}`, `slave_${name}`].filter(one => values.has(one))
    const value = known === undefined ? undefined : values.get(known)
    return value && !['OFF', 'STRICT'].includes(value) ? [`${known} = ${value}`] : []
  })
  return found.length === 0
    ? []
    : [
        `this replica goes on behind errors (${found.join(', ')}): it may lack rows of its source, or have others, without a word, and so does each backup of it; compare the two (checksums of the tables), or make it anew`,
      ]
}

/**
 * Only why it is not what its sources are by now; nothing where the account may not see that.
 *
 * @throws EcomdbError of the connection
 */
export async function replicaBehind(session: Session): Promise<string[]> {
  const rows = await unlessRefused(replicaStatus(session))
  return [...(rows ?? []).filter(isOfSource).flatMap(notOfNow), ...(await clusterLacks(session))]
}

function filtered(row: SqlRow): string[] {
  const found = FILTERS.flatMap(name =>
    row[name] ? [`${name.toLowerCase()} = ${String(row[name])}`] : [],
  )
  return found.length > 0 ? [leavesOut(addressOf(row), found)] : []
}

function notOfNow(row: SqlRow): string[] {
  const source = addressOf(row)
  const stopped = THREADS.flatMap(thread => {
    const state = threadState(row, thread)
    const error = Number(row[`Last_${thread}_Errno`] ?? 0)
    if (state === 'Yes') return []
    return [`its ${thread} thread: ${state}${error === 0 ? '' : `, error ${error}`}`]
  })
  if (stopped.length > 0) {
    return [
      `this replica of ${source} does not follow it (${stopped.join('; ')}): what was changed there since is not here, and a backup shows rows that are older than it says; where it is a replica no more, RESET REPLICA ALL (MariaDB: RESET SLAVE ALL) says so`,
    ]
  }
  const behind = Number(row['Seconds_Behind_Source'] ?? row['Seconds_Behind_Master'] ?? 0)
  if (behind <= BEHIND) return []
  return [
    `this replica is ${behind} s behind ${source}: a backup shows rows that are older than it says`,
  ]
}

/** MariaDB shows these variables to everybody; MySQL's account may see it all, or not even the log's place. */
async function unseenLacks(session: Session): Promise<string[]> {
  if (session.flavor.family === 'mysql') return []
  if (!(await isOrWasReplica(session))) return []
  const rows = await session.rows("SHOW GLOBAL VARIABLES LIKE 'replicate\\_%'")
  const names = FILTERS.map(name => name.toLowerCase())
  const found = rows.flatMap(({ Variable_name: name, Value: value }) =>
    value && names.includes(String(name)) ? [`${name} = ${value}`] : [],
  )
  return [
    ...(found.length > 0 ? [leavesOut('its source', found)] : []),
    ...(await dropsRows(session)),
    'this is or was a replica, and the account may not see whether it still follows its source: what it lacks of it would not be told; GRANT SLAVE MONITOR ON *.* to the account',
  ]
}

const leavesOut = (source: string, filters: readonly string[]): string =>
  `this replica does not take all of ${source} (${filters.join(', ')}): what is left out there is in no backup of it`
