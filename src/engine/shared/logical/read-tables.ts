import { EcomdbError, messageOf } from '#core/errors'
import type { ColumnEntry, KeyEntry } from '#domain/backup/manifest'
import type { CatalogTable } from '../../logical-reader.ts'
import { quoteQualified } from '../../quote.ts'
import type { Session, SqlRow } from '../../session.ts'
import { type ColumnFacts, columnEntry, isInteger } from './column-expressions.ts'
import { historyOf, keyWithHistory, type RowHistory } from './row-history.ts'
import { showCreateTable } from './show-create-table.ts'
import { readStatistics } from './table-statistics.ts'

interface TableRow extends SqlRow {
  name: string
  type: string
  engine: string | null
  table_rows: string | null
  data_length: string | null
  created_at: string | null
}

interface ColumnRow extends SqlRow {
  table_name: string
  name: string
  data_type: string
  column_type: string
  extra: string
  expression: string | null
  nullable: string
}

interface KeyRow extends SqlRow {
  table_name: string
  index_name: string
  column_name: string | null
  sub_part: string | null
  nullable: string
}

/** Every base table of one database, in the order of their names, but those that are named in `without`. */
export async function readTables(
  session: Session,
  schema: string,
  without: ReadonlySet<string> = new Set(),
): Promise<CatalogTable[]> {
  const tables = await session.rows<TableRow>(
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine, TABLE_ROWS AS table_rows,
            DATA_LENGTH AS data_length, CREATE_TIME AS created_at
       FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = ? AND TABLE_TYPE NOT IN ('VIEW', 'SYSTEM VIEW', 'SEQUENCE')
      ORDER BY TABLE_NAME`,
    [schema],
  )
  const views = await viewsAmong(session, schema, tables)
  if (tables.length === views.size) return []
  const columns = await readColumns(session, schema)
  const keys = await readKeys(session, schema)
  const statistics = await readStatistics(session, schema)
  const observed: CatalogTable[] = []
  for (const table of tables) {
    if (views.has(table.name) || without.has(table.name)) continue
    const facts = columns.get(table.name) ?? []
    const create = await showCreateTable(session, schema, table.name)
    const key = chooseKey(keys.get(table.name) ?? [], facts)
    const { columns: own, history } = rowsOf(schema, table, facts)
    observed.push({
      schema,
      name: table.name,
      create,
      storageEngine: table.engine ?? '',
      key: history ? keyWithHistory(key, history) : key,
      columns: [...own, ...(history?.columns ?? [])],
      ...(history ? { history: true } : {}),
      ...(statistics.has(table.name) ? { statistics: statistics.get(table.name) ?? [] } : {}),
      estimate: { rows: Number(table.table_rows ?? 0), bytes: Number(table.data_length ?? 0) },
      createdAt: table.created_at,
    })
  }
  return observed
}

/**
 * MariaDB calls a view a BASE TABLE where its text is an error (one of a gbk client with a literal of another
 * set, measured on 10.11). So is a table whose engine is gone, which is no view.
 */
async function viewsAmong(
  session: Session,
  schema: string,
  tables: readonly TableRow[],
): Promise<ReadonlySet<string>> {
  if (tables.every(({ engine }) => engine !== null)) return new Set()
  const rows = await session.rows<SqlRow & { name: string }>(
    'SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?',
    [schema],
  )
  const names = new Set(rows.map(({ name }) => name))
  return new Set(
    tables.flatMap(({ name, engine }) => (engine === null && names.has(name) ? [name] : [])),
  )
}

async function readColumns(session: Session, schema: string): Promise<Map<string, ColumnFacts[]>> {
  const rows = await session.rows<ColumnRow>(
    `SELECT TABLE_NAME AS table_name, COLUMN_NAME AS name, DATA_TYPE AS data_type,
            COLUMN_TYPE AS column_type, EXTRA AS extra, GENERATION_EXPRESSION AS expression,
            IS_NULLABLE AS nullable
       FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ?
      ORDER BY TABLE_NAME, ORDINAL_POSITION`,
    [schema],
  )
  return groupByTable(
    rows.map(row => ({
      table: row.table_name,
      value: {
        name: row.name,
        dataType: String(row.data_type),
        columnType: String(row.column_type),
        extra: row.extra,
        expression: row.expression,
        nullable: row.nullable === 'YES',
      },
    })),
  )
}

/** Unique indexes, PRIMARY first, each with its parts in order. */
async function readKeys(session: Session, schema: string): Promise<Map<string, KeyRow[]>> {
  const rows = await session.rows<KeyRow>(
    `SELECT TABLE_NAME AS table_name, INDEX_NAME AS index_name, COLUMN_NAME AS column_name,
            SUB_PART AS sub_part, NULLABLE AS nullable
       FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? AND NON_UNIQUE = 0
      ORDER BY TABLE_NAME, INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX`,
    [schema],
  )
  return groupByTable(rows.map(row => ({ table: row.table_name, value: row })))
}

function groupByTable<Value>(
  rows: readonly { table: string; value: Value }[],
): Map<string, Value[]> {
  const groups = new Map<string, Value[]>()
  for (const { table, value } of rows) {
    const group = groups.get(table)
    if (group) group.push(value)
    else groups.set(table, [value])
  }
  return groups
}

/**
 * The key that orders the rows: the primary key, else a unique index without NULL, whole
 * columns only; an integer one first, since its ranges can be read side by side.
 */
export function chooseKey(
  parts: readonly KeyRow[],
  columns: readonly ColumnFacts[],
): KeyEntry | null {
  const indexes = groupByTable(parts.map(part => ({ table: part.index_name, value: part })))
  const keys = [...indexes.entries()]
    .filter(([, index]) =>
      index.every(
        ({ column_name, sub_part, nullable }) =>
          column_name !== null && sub_part === null && nullable !== 'YES',
      ),
    )
    .map(([name, index]) => ({ name, key: keyOf(index, columns) }))
  const best =
    keys.find(({ name }) => name === 'PRIMARY') ??
    keys.find(({ key }) => key.kind === 'integer') ??
    keys[0]
  return best?.key ?? null
}

function keyOf(index: readonly KeyRow[], columns: readonly ColumnFacts[]): KeyEntry {
  const names = index.map(part => part.column_name ?? '')
  const first = columns.find(column => column.name === names[0])
  return { columns: names, kind: first && isInteger(first.dataType) ? 'integer' : 'other' }
}

/** @throws EcomdbError UNSUPPORTED */
function rowsOf(
  schema: string,
  { name, type }: TableRow,
  facts: readonly ColumnFacts[],
): { columns: ColumnEntry[]; history: RowHistory | null } {
  try {
    const columns = facts.map(columnEntry).filter(entry => entry !== null)
    return { columns, history: type === 'SYSTEM VERSIONED' ? historyOf(facts) : null }
  } catch (error) {
    throw new EcomdbError('UNSUPPORTED', {
      what: `table ${quoteQualified(schema, name)} cannot be backed up`,
      why: `${messageOf(error)}, which this ecomdb does not know how to bring back`,
      hints: ['leave its database out with --databases, and report the type'],
      cause: error,
    })
  }
}
