import type { Layout } from '#domain/audit/event'
import type { Session } from '../../session.ts'
import { type AuditedColumn, encodingOf, isForeignText } from './row-expressions.ts'
import type { TablePlace } from './table-place.ts'

/** A table that is, or is to be, audited. */
export interface ObservedTable {
  table: string
  columns: readonly AuditedColumn[]
  key: readonly AuditedColumn[]
  /** Why it cannot be audited, in words. */
  refusals: readonly string[]
}

type Text = Record<string, string | number | null>

interface Column {
  name: string
  type: string
  charset: string | null
  nullable: boolean
}

/** How a query is asked: rows as lists. */
type Ask = (
  sql: string,
  values: readonly string[],
) => Promise<(string | number | Buffer | null)[][]>

/** Generated columns follow from the others, and are left out. */
async function storedColumns(ask: Ask, database: string, table: string): Promise<Column[]> {
  const rows = await ask(
    `SELECT column_name, data_type, character_set_name, is_nullable = 'YES'
     FROM information_schema.columns WHERE table_schema = ? AND table_name = ?
       AND NOT (extra LIKE '%GENERATED' OR extra LIKE '%PERSISTENT%' OR COALESCE(generation_expression, '') <> '')
     ORDER BY ordinal_position`,
    [database, table],
  )
  return rows.map(([name, type, charset, nullable]) => ({
    name: String(name),
    type: String(type).toLowerCase(),
    charset: charset === null ? null : String(charset),
    nullable: Number(nullable) === 1,
  }))
}

function auditedColumn({ name, type, charset, nullable }: Column): AuditedColumn | null {
  const encoding = encodingOf(type)
  const foreignText = (encoding?.startsWith('text') ?? false) && isForeignText(type, charset)
  return encoding && { name, encoding, nullable, foreignText }
}

/** The columns of a table that have canonical bytes; none when there is no such table. */
export async function observeColumns(
  ask: Ask,
  database: string,
  table: string,
): Promise<AuditedColumn[]> {
  const columns = await storedColumns(ask, database, table)
  return columns.flatMap(column => auditedColumn(column) ?? [])
}

/** @param table what the trail calls it */
export async function observeTable(
  session: Session,
  { database, name }: TablePlace,
  table: string,
): Promise<ObservedTable> {
  const ask: Ask = async (sql, values) => (await session.rows(sql, values)).map(Object.values)
  const stored = await storedColumns(ask, database, name)
  if (stored.length === 0) {
    const refusals = [`${database}.${name}: there is no such table`]
    return { table, columns: [], key: [], refusals }
  }
  const columns = stored.flatMap(column => auditedColumn(column) ?? [])
  const strange = stored.filter(({ type }) => encodingOf(type) === null)
  const key = await keyOf(session, database, name, columns)
  const refusals = [
    ...strange.map(
      ({ name, type }) => `${table}.${name}: a value of type ${type} has no canonical bytes`,
    ),
    ...(key.length === 0 ? [`${table}: it has no primary key, which names a row`] : []),
    ...(await tableRefusals(session, database, name)),
  ]
  return { table, columns, key, refusals }
}

async function keyOf(
  session: Session,
  database: string,
  table: string,
  columns: readonly AuditedColumn[],
): Promise<AuditedColumn[]> {
  const rows = await session.rows<Text>(
    `SELECT column_name AS name FROM information_schema.statistics
     WHERE table_schema = ? AND table_name = ? AND index_name = 'PRIMARY' ORDER BY seq_in_index`,
    [database, table],
  )
  return rows.flatMap(row => columns.find(({ name }) => name === row['name']) ?? [])
}

async function tableRefusals(session: Session, database: string, table: string): Promise<string[]> {
  const engine = await session.value(
    'SELECT engine FROM information_schema.tables WHERE table_schema = ? AND table_name = ?',
    [database, table],
  )
  const cascades = await session.rows<Text>(
    `SELECT constraint_name AS name, delete_rule AS del, update_rule AS upd
     FROM information_schema.referential_constraints
     WHERE constraint_schema = ? AND table_name = ?
       AND (delete_rule NOT IN ('RESTRICT', 'NO ACTION') OR update_rule NOT IN ('RESTRICT', 'NO ACTION'))`,
    [database, table],
  )
  return [
    ...(engine === 'InnoDB' ? [] : [`${table}: its engine is ${engine}, without transactions`]),
    ...cascades.map(
      ({ name, del, upd }) =>
        `${table}: the foreign key ${name} (ON DELETE ${del} ON UPDATE ${upd}) changes rows past the triggers; make it RESTRICT`,
    ),
  ]
}

/** What is written down of a table: the same columns make the same layout. */
export function layoutContent({ columns, key }: ObservedTable): Pick<Layout, 'columns' | 'key'> {
  return {
    columns: columns.map(({ name, encoding }) => ({ name, encoding })),
    key: key.map(({ name }) => name),
  }
}
