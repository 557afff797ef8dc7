import { EcomdbError } from '#core/errors'
import type {
  ColumnDescription,
  ForeignKeyDescription,
  IndexDescription,
  SchemaDescription,
} from '#domain/schema/schema-description'
import type { SchemaObserver } from '../../schema-observer.ts'
import type { Session } from '../../session.ts'
import { readViewSources } from './view-sources.ts'

/**
 * Both engines: INFORMATION_SCHEMA. Each query names the database, without which MariaDB
 * opens every table of the server (manual, "INFORMATION_SCHEMA optimization").
 */
export const schemaObserver: SchemaObserver = {
  async observe(session, database): Promise<SchemaDescription> {
    const relations = await readRelations(session, database)
    const columns = groupBy(await readColumns(session, database))
    const indexes = groupBy(await readIndexes(session, database))
    const foreignKeys = groupBy(await readForeignKeys(session, database))
    const views = relations.filter(relation => relation.view).map(relation => relation.name)
    const sources = await readViewSources(session, database, views)
    return {
      name: database,
      flavor: session.flavor.toString(),
      tables: relations
        .filter(relation => !relation.view)
        .map(({ name }) => ({
          name,
          columns: columns.get(name) ?? [],
          indexes: indexes.get(name) ?? [],
          foreignKeys: foreignKeys.get(name) ?? [],
        })),
      views: views.map(name => ({
        name,
        columns: columns.get(name) ?? [],
        reads: sources.get(name) ?? null,
      })),
    }
  },
}

interface Owned<Value> {
  table: string
  value: Value
}

async function readRelations(
  session: Session,
  database: string,
): Promise<{ name: string; view: boolean }[]> {
  const rows = await session.rows<{ name: string; type: string }>(
    `SELECT table_name AS name, table_type AS type FROM information_schema.tables
     WHERE table_schema = ? AND table_type <> 'SEQUENCE' ORDER BY table_name`,
    [database],
  )
  if (rows.length === 0) throw await nothingThere(session, database)
  return rows.map(({ name, type }) => ({ name, view: type.endsWith('VIEW') }))
}

async function nothingThere(session: Session, database: string): Promise<EcomdbError> {
  const known = await session.value(
    'SELECT schema_name FROM information_schema.schemata WHERE schema_name = ?',
    [database],
  )
  return new EcomdbError('SCHEMA_MISSING', {
    what: `there is nothing to see in the database ${database}`,
    why: known
      ? `it holds no table that '${session.options.user}' may see`
      : `there is none of this name that '${session.options.user}' may see`,
    hints: ['run `ecomdb provision plan`, then `ecomdb provision apply`, to make the schema'],
  })
}

async function readColumns(
  session: Session,
  database: string,
): Promise<Owned<ColumnDescription>[]> {
  const rows = await session.rows<Record<'tbl' | 'name' | 'type' | 'nullable' | 'extra', string>>(
    `SELECT table_name AS tbl, column_name AS name, column_type AS type,
       is_nullable AS nullable, extra AS extra
     FROM information_schema.columns WHERE table_schema = ?
     ORDER BY table_name, ordinal_position`,
    [database],
  )
  return rows.map(row => ({
    table: row.tbl,
    value: {
      name: row.name,
      type: row.type,
      nullable: row.nullable === 'YES',
      // MySQL also says DEFAULT_GENERATED, of a default that is an expression.
      generated: /(VIRTUAL|STORED|PERSISTENT) GENERATED/i.test(row.extra),
      autoIncrement: /auto_increment/i.test(row.extra),
    },
  }))
}

async function readIndexes(session: Session, database: string): Promise<Owned<IndexDescription>[]> {
  const rows = await session.rows<{
    tbl: string
    name: string
    repeats: number
    col: string | null
  }>(
    `SELECT table_name AS tbl, index_name AS name, non_unique AS repeats, column_name AS col
     FROM information_schema.statistics WHERE table_schema = ?
     ORDER BY table_name, index_name <> 'PRIMARY', index_name, seq_in_index`,
    [database],
  )
  const found: (Owned<IndexDescription> & { columns: (string | null)[] })[] = []
  for (const { tbl, name, repeats, col } of rows) {
    const last = found.at(-1)
    if (last?.table === tbl && last.value.name === name) {
      last.columns.push(col)
      continue
    }
    const columns = [col]
    const value = { name, primary: name === 'PRIMARY', unique: Number(repeats) === 0, columns }
    found.push({ table: tbl, columns, value })
  }
  return found
}

type ForeignKeyRow = Record<
  'tbl' | 'name' | 'col' | 'toSchema' | 'toTable' | 'toColumn' | 'onDelete' | 'onUpdate',
  string
>

async function readForeignKeys(
  session: Session,
  database: string,
): Promise<Owned<ForeignKeyDescription>[]> {
  // On MariaDB two tables may each have a foreign key of the same name: join by table too.
  const rows = await session.rows<ForeignKeyRow>(
    `SELECT k.table_name AS tbl, k.constraint_name AS name, k.column_name AS col,
       k.referenced_table_schema AS toSchema, k.referenced_table_name AS toTable,
       k.referenced_column_name AS toColumn, r.delete_rule AS onDelete, r.update_rule AS onUpdate
     FROM information_schema.key_column_usage k
     JOIN information_schema.referential_constraints r
       ON r.constraint_schema = k.constraint_schema AND r.constraint_name = k.constraint_name
       AND r.table_name = k.table_name
     WHERE k.table_schema = ? AND r.constraint_schema = ? AND k.referenced_table_name IS NOT NULL
     ORDER BY k.table_name, k.constraint_name, k.ordinal_position`,
    [database, database],
  )
  const found: (Owned<ForeignKeyDescription> & { columns: string[]; to: string[] })[] = []
  for (const row of rows) {
    const last = found.at(-1)
    if (last?.table === row.tbl && last.value.name === row.name) {
      last.columns.push(row.col)
      last.to.push(row.toColumn)
      continue
    }
    const [columns, to] = [[row.col], [row.toColumn]]
    found.push({ table: row.tbl, columns, to, value: foreignKey(row, columns, to) })
  }
  return found
}

function foreignKey(
  row: ForeignKeyRow,
  columns: readonly string[],
  referencedColumns: readonly string[],
): ForeignKeyDescription {
  return {
    name: row.name,
    columns,
    referencedSchema: row.toSchema,
    referencedTable: row.toTable,
    referencedColumns,
    onDelete: row.onDelete,
    onUpdate: row.onUpdate,
  }
}

function groupBy<Value>(owned: readonly Owned<Value>[]): Map<string, Value[]> {
  const groups = new Map<string, Value[]>()
  for (const { table, value } of owned) {
    const group = groups.get(table)
    if (group) group.push(value)
    else groups.set(table, [value])
  }
  return groups
}
