import { quoteIdentifier, quoteString } from '../../quote.ts'
import type { Session, SqlRow } from '../../session.ts'

/** Statements, by the name of their table. */
type Statistics = Map<string, string[]>

/**
 * What the optimizer was told of the values of tables, by ANALYZE TABLE … UPDATE HISTOGRAM or, on
 * MariaDB, PERSISTENT: statements that tell it again, to be run in the tables' database. No server
 * finds it out by itself, so plans would be others.
 */
export async function readStatistics(session: Session, schema: string): Promise<Statistics> {
  const statistics: Statistics = new Map()
  const add = (table: string, sql: string): void => {
    statistics.set(table, [...(statistics.get(table) ?? []), sql])
  }
  if (session.flavor.atLeast('mysql', 8)) await addHistograms(session, schema, add)
  if (session.flavor.family === 'mariadb') await addMariadbRows(session, schema, add)
  return statistics
}

type Add = (table: string, sql: string) => void

/** USING DATA is of MySQL 8.0.31, and keeps whether the server renews the histogram itself. */
async function addHistograms(session: Session, schema: string, add: Add): Promise<void> {
  const rows = await session.rows<SqlRow & { name: string; col: string; data: string }>(
    `SELECT TABLE_NAME AS name, COLUMN_NAME AS col,
            CAST(JSON_REMOVE(HISTOGRAM, '$."last-updated"') AS CHAR) AS data
       FROM information_schema.COLUMN_STATISTICS WHERE SCHEMA_NAME = ? ORDER BY 1, 2`,
    [schema],
  )
  for (const { name, col, data } of rows) {
    add(
      name,
      `ANALYZE TABLE ${quoteIdentifier(name)} UPDATE HISTOGRAM ON ${quoteIdentifier(col)} USING DATA ${quoteString(data)}`,
    )
  }
}

/** The tables of MariaDB's statistics, and of each the columns behind the database and the table. */
const MARIADB_TABLES: Readonly<Record<string, readonly string[]>> = {
  table_stats: ['cardinality'],
  column_stats: [
    ...['column_name', 'min_value', 'max_value', 'nulls_ratio', 'avg_length', 'avg_frequency'],
    ...['hist_size', 'hist_type', 'histogram'],
  ],
  index_stats: ['index_name', 'prefix_arity', 'avg_frequency'],
}

/** These hold bytes. */
const BYTES = ['min_value', 'max_value', 'histogram']

async function addMariadbRows(session: Session, schema: string, add: Add): Promise<void> {
  const tables = new Set<string>()
  for (const [table, columns] of Object.entries(MARIADB_TABLES)) {
    const values = columns.map(column =>
      BYTES.includes(column)
        ? `IFNULL(CONCAT("x'", HEX(${column}), "'"), 'NULL')`
        : `QUOTE(${column})`,
    )
    const rows = await session.rows<SqlRow & { name: string; row_values: string }>(
      `SELECT table_name AS name, CONCAT_WS(', ', QUOTE(table_name), ${values.join(', ')}) AS row_values
         FROM mysql.${table} WHERE db_name = ? ORDER BY ${['table_name', ...columns].join(', ')}`,
      [schema],
    )
    const names = ['db_name', 'table_name', ...columns].join(', ')
    for (const { name, row_values } of rows) {
      add(name, `REPLACE INTO mysql.${table} (${names}) VALUES (DATABASE(), ${row_values})`)
      tables.add(name)
    }
  }
  // A table that is open keeps what it knew.
  for (const name of tables) add(name, `FLUSH TABLES ${quoteIdentifier(name)}`)
}
