import { frameTexts, sha256 } from '#domain/audit/canonical'
import { type Control, OPERATION_TABLE } from '#domain/audit/event'
import type { TrailRecord } from '../../audit-trail.ts'
import type { Session } from '../../session.ts'
import { placeOf } from './table-place.ts'

type Row = Record<string, string | number | null>

/** Variables of which a change weakens the trail; those that a server does not have are left out. */
const SETTINGS = [
  'binlog_format',
  'binlog_row_image',
  'log_bin',
  'enable_cascade_triggers',
  'innodb_native_foreign_keys',
  'secure_timestamp',
  'version',
]

/** Rights on everything that reach the trail and the triggers. */
const GLOBAL = "'INSERT', 'UPDATE', 'DELETE', 'DROP', 'ALTER', 'TRIGGER', 'SUPER'"

export async function observeControls(
  session: Session,
  trail: TrailRecord,
  store: string,
): Promise<Control[]> {
  return [
    ...trail.layouts.map(({ id, ...content }) => ({
      name: `layout ${id}`,
      value: JSON.stringify(content),
    })),
    ...(await triggers(session, trail, store)),
    ...(await routines(session, store)),
    ...(await tables(session, trail)),
    ...(await grants(session, store)),
    ...(await settings(session)),
    await position(session),
  ]
}

const digest = (...texts: readonly unknown[]): string =>
  sha256(frameTexts(texts.map(text => (text === null ? null : String(text)))))
    .toString('hex')
    .slice(0, 32)

/** All triggers of the audited tables, the shop's own too, and the guards of the trail. */
async function triggers(
  session: Session,
  { shopDatabase, tables }: TrailRecord,
  store: string,
): Promise<Control[]> {
  const operations = placeOf(session, shopDatabase, OPERATION_TABLE)
  const rows = await session.rows<Row>(
    `SELECT trigger_schema AS sch, trigger_name AS name, event_object_table AS tbl, event_manipulation AS event,
       action_timing AS timing, action_order AS place, action_statement AS body, definer AS definer,
       sql_mode AS mode, character_set_client AS charset, collation_connection AS collation, created AS created
     FROM information_schema.triggers
     WHERE trigger_schema IN (?, ?) OR (trigger_schema = ? AND event_object_table = ?)
     ORDER BY trigger_schema, trigger_name`,
    [shopDatabase, store, operations.database, operations.name],
  )
  const audited = new Set(tables.map(({ table }) => table))
  const tableOf = (row: Row): string => {
    if (row['sch'] === store) return `${store}.${row['tbl']}`
    return row['sch'] === shopDatabase ? String(row['tbl']) : OPERATION_TABLE
  }
  return rows
    .filter(row => row['sch'] === store || audited.has(tableOf(row)))
    .map(row => ({
      name: `trigger ${tableOf(row)}/${row['name']}`,
      value: `${digest(...['event', 'timing', 'place', 'body', 'definer', 'mode', 'charset', 'collation'].map(key => row[key]))} of ${row['created']}`,
    }))
}

/** What chats are read through: one that does not write the reader down would be no use. */
async function routines(session: Session, store: string): Promise<Control[]> {
  const rows = await session.rows<Row>(
    `SELECT routine_name AS name, routine_definition AS body, definer AS definer, security_type AS security,
       created AS created
     FROM information_schema.routines WHERE routine_schema = ? ORDER BY routine_name`,
    [store],
  )
  return rows.map(({ name, body, definer, security, created }) => ({
    name: `routine ${store}.${name}`,
    value: `${digest(body ?? null, definer ?? null, security ?? null)} of ${created}`,
  }))
}

/** The columns of the audited tables, and foreign keys that change rows past the triggers. */
async function tables(session: Session, trail: TrailRecord): Promise<Control[]> {
  const { shopDatabase } = trail
  const columns = await session.rows<Row>(
    `SELECT table_name AS tbl, column_name AS name, column_type AS type, is_nullable AS nullable,
       collation_name AS collation
     FROM information_schema.columns WHERE table_schema = ? ORDER BY table_name, ordinal_position`,
    [shopDatabase],
  )
  const operations = placeOf(session, shopDatabase, OPERATION_TABLE)
  const ownColumns = await session.rows<Row>(
    `SELECT column_name AS name, column_type AS type, is_nullable AS nullable, collation_name AS collation
     FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position`,
    [operations.database, operations.name],
  )
  const cascades = await session.rows<Row>(
    `SELECT table_name AS tbl, constraint_name AS name, delete_rule AS del, update_rule AS upd
     FROM information_schema.referential_constraints WHERE constraint_schema = ?
       AND (delete_rule NOT IN ('RESTRICT', 'NO ACTION') OR update_rule NOT IN ('RESTRICT', 'NO ACTION'))
     ORDER BY constraint_name`,
    [shopDatabase],
  )
  return trail.tables.flatMap(({ table }) => {
    const own = table === OPERATION_TABLE ? ownColumns : columns.filter(({ tbl }) => tbl === table)
    const texts = own.flatMap(row => [row['name'], row['type'], row['nullable'], row['collation']])
    return [
      { name: `table ${table}`, value: own.length ? digest(...texts) : 'there is none' },
      ...cascades
        .filter(({ tbl }) => tbl === table)
        .map(({ name, del, upd }) => ({
          name: `foreign key ${table}/${name}`,
          value: `ON DELETE ${del} ON UPDATE ${upd}`,
        })),
    ]
  })
}

/** Who may write to the trail, by a right on it or on everything. */
async function grants(session: Session, store: string): Promise<Control[]> {
  const rows = await session.rows<Row>(
    `SELECT grantee AS grantee, CONCAT(privilege_type, ' ON *.*') AS privilege
     FROM information_schema.user_privileges WHERE privilege_type IN (${GLOBAL})
     UNION ALL SELECT grantee, CONCAT(privilege_type, ' ON ', table_schema, '.*')
     FROM information_schema.schema_privileges WHERE table_schema = ?
     UNION ALL SELECT grantee, CONCAT(privilege_type, ' ON ', table_schema, '.', table_name)
     FROM information_schema.table_privileges WHERE table_schema = ?`,
    [store, store],
  )
  const byGrantee = new Map<string, string[]>()
  for (const { grantee, privilege } of rows) {
    const held = byGrantee.get(String(grantee)) ?? []
    byGrantee.set(String(grantee), [...held, String(privilege)])
  }
  return [...byGrantee]
    .map(([grantee, held]) => ({ name: `grant ${grantee}`, value: held.sort().join(', ') }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function settings(session: Session): Promise<Control[]> {
  const rows = await session.rows<Row>(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${SETTINGS.map(() => '?').join(', ')})`,
    SETTINGS,
  )
  const plugins = await session.rows<Row>(
    `SELECT plugin_name AS name FROM information_schema.plugins
     WHERE plugin_status = 'ACTIVE' AND plugin_type IN ('AUDIT', 'AUTHENTICATION', 'PASSWORD VALIDATION')
     ORDER BY plugin_name`,
  )
  return [
    ...rows.map(row => ({
      name: `setting ${row['Variable_name']}`,
      value: String(row['Value']),
    })),
    { name: 'setting plugins', value: plugins.map(({ name }) => name).join(', ') },
  ]
}

/** Of the binary log, for whoever compares; said anew in every batch. */
async function position(session: Session): Promise<Control> {
  const query = session.flavor.atLeast('mysql', 8, 2)
    ? 'SHOW BINARY LOG STATUS'
    : 'SHOW MASTER STATUS'
  const [row] = await session.rows<Row>(query).catch(() => [])
  const value = row ? Object.values(row).filter(Boolean).join(' ') : 'not known'
  return { name: 'position', value }
}
