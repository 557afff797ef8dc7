import type { AccountName } from '#domain/schema/service-accounts'
import type { Traces } from '../../leavers.ts'
import type { Session, SqlRow } from '../../session.ts'

type Text = Record<string, string>

/** @see Leavers.traces */
export async function readTraces(
  session: Session,
  accounts: readonly AccountName[],
): Promise<Traces> {
  const found: { -readonly [Member in keyof Traces]: Traces[Member][number][] } = {
    proxies: [],
    grantsMade: [],
    administers: [],
  }
  for (const account of accounts) {
    found.proxies.push(...(await proxies(session, account)))
    found.grantsMade.push(...(await grantsMade(session, account)))
    if (session.flavor.family === 'mariadb') {
      found.administers.push(...(await administers(session, account)))
    }
  }
  return found
}

async function proxies(session: Session, actsAs: AccountName): Promise<Traces['proxies']> {
  const rows = await session.rows<SqlRow & Text>(
    `SELECT user AS user, host AS host FROM mysql.proxies_priv
      WHERE proxied_user = ? AND proxied_host = ?`,
    [actsAs.user, actsAs.host],
  )
  return rows.map(({ user = '', host = '' }) => ({ account: { user, host }, actsAs }))
}

/** The server writes down who made a grant on a table or a routine, and forgets it for others. */
async function grantsMade(
  session: Session,
  { user, host }: AccountName,
): Promise<Traces['grantsMade']> {
  const grantor = `${user}@${host}`
  const rows = await session.rows<SqlRow & Text>(
    `SELECT user AS user, host AS host, CONCAT(db, '.', table_name) AS place,
            CONCAT_WS(',', NULLIF(table_priv, ''), NULLIF(CONCAT(column_priv, ' on columns'), ' on columns'))
              AS privileges
       FROM mysql.tables_priv WHERE grantor = ?
     UNION ALL SELECT user, host, CONCAT(db, '.', routine_name), proc_priv
       FROM mysql.procs_priv WHERE grantor = ?`,
    [grantor, grantor],
  )
  return rows.map(row => ({
    grantee: { user: row['user'] ?? '', host: row['host'] ?? '' },
    on: row['place'] ?? '',
    privileges: row['privileges'] ?? '',
  }))
}

/** Roles of which this account is the only administrator. */
async function administers(session: Session, { user, host }: AccountName): Promise<string[]> {
  const rows = await session.rows<SqlRow & { role: string }>(
    `SELECT role AS role FROM mysql.roles_mapping theirs
      WHERE user = ? AND host = ? AND admin_option = 'Y' AND NOT EXISTS (
        SELECT 1 FROM mysql.roles_mapping others WHERE others.role = theirs.role
          AND others.admin_option = 'Y' AND NOT (others.user = ? AND others.host = ?))`,
    [user, host, user, host],
  )
  return rows.map(({ role }) => role)
}
