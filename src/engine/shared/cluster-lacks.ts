import type { Session } from '../session.ts'
import { unlessRefused } from './logical/unless-refused.ts'

/**
 * Why a node of a cluster may not have what the others have by now, in words: a node of Galera that is not in step, or
 * a member of a group that is not in it. Neither is a replica by SHOW REPLICA STATUS. Nothing for a server that is in none.
 *
 * @throws EcomdbError of the connection
 */
export async function clusterLacks(session: Session): Promise<string[]> {
  return [...(await ofGalera(session)), ...(await ofGroup(session))]
}

/** MariaDB has these variables in each server, Percona XtraDB Cluster where it is one; all accounts see them. */
async function ofGalera(session: Session): Promise<string[]> {
  const provider = await shown(session, 'VARIABLES', 'wsrep_provider')
  const isOn = await shown(session, 'VARIABLES', 'wsrep_on')
  if (provider === '' || provider.toLowerCase() === 'none' || isOn === 'OFF') return []
  const state = await shown(session, 'STATUS', 'wsrep_local_state_comment')
  if (state === 'Synced') return []
  return [
    `this node of a Galera cluster is not in step with the others (wsrep_local_state_comment is ${state || 'empty'}): what was changed there since may not be here, and a backup shows rows that are older than it says; back up a node that is Synced`,
  ]
}

/** MySQL: a member that was not started, or has left for an error, says no id of its own, or another state. */
async function ofGroup(session: Session): Promise<string[]> {
  if (session.flavor.family !== 'mysql') return []
  const group = await shown(session, 'VARIABLES', 'group_replication_group_name')
  if (group === '') return []
  const rows = await unlessRefused(
    session.rows<{ state: string }>(
      `SELECT MEMBER_STATE AS state FROM performance_schema.replication_group_members
        WHERE MEMBER_ID IN (@@server_uuid, '')`,
    ),
  )
  if (!rows) {
    return [
      `this is a member of the replication group ${group}, and the account may not see whether it follows it: what it lacks of it would not be told; GRANT SELECT ON performance_schema.replication_group_members to the account`,
    ]
  }
  const state = rows[0]?.state ?? 'OFFLINE'
  if (state === 'ONLINE') return []
  return [
    `this member of the replication group ${group} does not follow it (it is ${state}): what was changed there since is not here, and a backup shows rows that are older than it says; back up a member that is ONLINE; where it is a member no more, UNINSTALL PLUGIN group_replication says so`,
  ]
}

async function shown(
  session: Session,
  what: 'VARIABLES' | 'STATUS',
  name: string,
): Promise<string> {
  const [row] = await session.rows(`SHOW GLOBAL ${what} WHERE Variable_name = ?`, [name])
  return String(row?.['Value'] ?? '')
}
