import {
  type DefinerObject,
  type DefinerRight,
  type HeldRight,
  likeMatches,
  type NamedObject,
  sameAccount,
} from '#domain/access/definer-object'
import type { AccountName } from '#domain/schema/service-accounts'
import { quoteAccount, quoteIdentifier, quoteQualified } from '../../quote.ts'
import type { Session, SqlRow } from '../../session.ts'

type Row = Record<'sch' | 'name' | 'kind' | 'col', string | null> & { privilege: string }

/**
 * What accounts hold themselves and, on MySQL, by their default roles: there a program runs
 * with the default roles of its definer, on MariaDB with none.
 */
export async function readHeldRights(
  session: Session,
  definers: readonly AccountName[],
): Promise<HeldRight[]> {
  const held: HeldRight[] = []
  for (const definer of definers) {
    for (const holder of [definer, ...(await defaultRoles(session, definer))]) {
      held.push(...(await heldBy(session, holder, definer)))
    }
  }
  return held
}

async function heldBy(
  session: Session,
  holder: AccountName,
  definer: AccountName,
): Promise<HeldRight[]> {
  const grantee = quoteAccount(holder.user, holder.host)
  const rows = await session.rows<Row>(
    `SELECT NULL AS sch, NULL AS name, 'any' AS kind, NULL AS col, privilege_type AS privilege
       FROM information_schema.user_privileges WHERE grantee = ?
     UNION ALL SELECT table_schema, NULL, 'any', NULL, privilege_type
       FROM information_schema.schema_privileges WHERE grantee = ?
     UNION ALL SELECT table_schema, table_name, 'table', NULL, privilege_type
       FROM information_schema.table_privileges WHERE grantee = ?
     UNION ALL SELECT table_schema, table_name, 'table', column_name, privilege_type
       FROM information_schema.column_privileges WHERE grantee = ?
     UNION ALL SELECT db, routine_name, LOWER(routine_type), NULL, 'EXECUTE'
       FROM mysql.procs_priv WHERE user = ? AND host = ? AND FIND_IN_SET('Execute', proc_priv)`,
    [grantee, grantee, grantee, grantee, holder.user, holder.host],
  )
  return rows.map(row => ({
    definer,
    schema: row.sch,
    name: row.name,
    kind: row.kind as HeldRight['kind'],
    column: row.col,
    privilege: row.privilege.toUpperCase(),
  }))
}

async function defaultRoles(session: Session, { user, host }: AccountName): Promise<AccountName[]> {
  if (session.flavor.family === 'mariadb') return []
  return await session.rows<SqlRow & { user: string; host: string }>(
    `WITH RECURSIVE held (user, host) AS (
       SELECT default_role_user, default_role_host FROM mysql.default_roles
        WHERE user = ? AND host = ?
       UNION SELECT from_user, from_host FROM mysql.role_edges
        JOIN held ON to_user = held.user AND to_host = held.host)
     SELECT user AS user, host AS host FROM held`,
    [user, host],
  )
}

/** Tables, views and routines of all databases but the server's own. */
export async function readNamedObjects(session: Session): Promise<NamedObject[]> {
  const rows = await session.rows<Row>(
    `SELECT table_schema AS sch, table_name AS name, 'table' AS kind FROM information_schema.tables
      WHERE table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')
     UNION ALL SELECT routine_schema, routine_name, LOWER(routine_type)
       FROM information_schema.routines WHERE routine_schema NOT IN ('mysql', 'sys')`,
  )
  return rows.map(row => ({
    kind: row.kind as NamedObject['kind'],
    schema: String(row.sch),
    name: String(row.name),
  }))
}

/** Tables on which somebody holds a right of their own, and not SELECT: "schema.table". */
export async function tablesWithoutSelect(session: Session): Promise<ReadonlySet<string>> {
  if (session.flavor.family === 'mariadb') return new Set()
  const rows = await session.rows<SqlRow & { place: string }>(
    `SELECT DISTINCT CONCAT(db, '.', table_name) AS place FROM mysql.tables_priv
      WHERE NOT FIND_IN_SET('Select', table_priv)`,
  )
  return new Set(rows.map(({ place }) => place))
}

/**
 * MySQL 9.7 refuses a view with a WHERE (1356) to a caller who has a right on its table other
 * than SELECT, when the definer has SELECT on that table alone, and not on the database
 * (measured; MariaDB does not). It worked for who had it on the database, so that is kept there.
 */
export function widerForViews(
  rights: readonly DefinerRight[],
  held: readonly HeldRight[],
  half: ReadonlySet<string>,
  { definer }: DefinerObject,
): DefinerRight[] {
  return rights.flatMap(({ schema, name, privileges }) => {
    const isWide = held.some(
      right =>
        sameAccount(right.definer, definer) &&
        right.privilege === 'SELECT' &&
        right.name === null &&
        (right.schema === null || likeMatches(right.schema, schema)),
    )
    const bites = half.has(`${schema}.${name}`) && privileges.includes('SELECT') && isWide
    return bites ? [{ kind: 'database', schema, name: null, privileges: ['SELECT'] }] : []
  })
}

/** GRANT of one right. */
export function rightStatement(right: DefinerRight, to: AccountName): string {
  const { kind, schema, name, privileges } = right
  // In the name of a whole database _ and % would be wildcards.
  const whole = `${quoteIdentifier(schema.replace(/[_%]/g, '\\$&'))}.*`
  const place = name === null ? whole : quoteQualified(schema, name)
  const word = kind === 'table' || kind === 'database' ? '' : `${kind.toUpperCase()} `
  return `GRANT ${privileges.join(', ')} ON ${word}${place} TO ${quoteAccount(to.user, to.host)}`
}
