import type { FilePlan, PlannedColumn } from '#domain/load/match-header'
import type { LoadRow } from '#domain/load/row-batch'
import { quoteIdentifier, quoteString } from '../../quote.ts'

/** The loader's SQL. Values are checked text; the server turns them into the column's type. */

export function loadDataStatement({ table, columns }: FilePlan): string {
  return (
    `LOAD DATA LOCAL INFILE 'ecomdb' INTO TABLE ${quoteIdentifier(table.name)} ` +
    "CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' " +
    `(${names(columns)})`
  )
}

export function insertHead({ table, columns }: FilePlan): string {
  return `INSERT INTO ${quoteIdentifier(table.name)} (${names(columns)}) VALUES `
}

/** A statement of rows stays below this, and below what the server takes. */
const STATEMENT_CHARACTERS = 512 * 1024

/** Rows in parts that fit a statement each; a row that is too large is alone. */
export function* statementParts(
  rows: readonly LoadRow[],
  packetBytes: number,
): Generator<LoadRow[]> {
  const limit = Math.min(STATEMENT_CHARACTERS, packetBytes / 4)
  let part: LoadRow[] = []
  let size = 0
  for (const row of rows) {
    const length = row.values.reduce((sum, value) => sum + (value?.length ?? 4) + 3, 2)
    if (size + length > limit && part.length > 0) {
      yield part
      part = []
      size = 0
    }
    part.push(row)
    size += length
  }
  if (part.length > 0) yield part
}

/** ('1','2012-03-19 09:00:00',NULL) */
export function tuple(values: readonly (string | null)[]): string {
  return `(${values.map(literal).join(',')})`
}

const literal = (value: string | null): string => (value === null ? 'NULL' : quoteString(value))

const names = (columns: readonly PlannedColumn[]): string =>
  columns.map(column => quoteIdentifier(column.name)).join(', ')

/** Is any row there with a key in this range? */
export function rangeProbe(plan: FilePlan, low: number, high: number): string {
  const key = quoteIdentifier(plan.table.primaryKey[0] ?? '')
  const table = quoteIdentifier(plan.table.name)
  return `SELECT 1 FROM ${table} WHERE ${key} BETWEEN ${low} AND ${high} LIMIT 1`
}

/** The rows that are there with these keys: the file's columns, as `RowBatch` prints them. */
export function existingRows(plan: FilePlan, rows: readonly LoadRow[]): string {
  const { table, columns, key } = plan
  const expressions = columns.map(column => readExpression(plan, column)).join(', ')
  const keyNames = table.primaryKey.map(quoteIdentifier).join(', ')
  const keys = rows.map(row => tuple(key.map(place => row.values[place] ?? null)))
  const list = key.length === 1 ? keys.map(text => text.slice(1, -1)) : keys
  return (
    `SELECT ${expressions} FROM ${quoteIdentifier(table.name)} ` +
    `WHERE ${key.length === 1 ? keyNames : `(${keyNames})`} IN (${list.join(',')})`
  )
}

/** FLOAT prints six digits only, so it is read as the DOUBLE that it is. */
function readExpression({ table }: FilePlan, { name }: PlannedColumn): string {
  const kind = table.columns.find(column => column.name === name)?.kind.type
  const column = quoteIdentifier(name)
  return kind === 'float' ? `CAST(${column} AS DOUBLE)` : column
}

export function updateRow({ table, columns, key }: FilePlan, { values }: LoadRow): string {
  const pairs = columns.map(
    (column, place) => [quoteIdentifier(column.name), literal(values[place] ?? null)] as const,
  )
  const set = pairs.filter((_, place) => !key.includes(place)).map(pair => pair.join(' = '))
  const where = key.map(place => pairs[place]?.join(' = '))
  return `UPDATE ${quoteIdentifier(table.name)} SET ${set.join(', ')} WHERE ${where.join(' AND ')}`
}

/** Which of these values the referenced table has. */
export function referencedValues(table: string, column: string, values: readonly string[]): string {
  const name = quoteIdentifier(column)
  return `SELECT ${name} FROM ${quoteIdentifier(table)} WHERE ${name} IN (${values.map(quoteString).join(',')})`
}

export function orphanCount(reference: {
  table: string
  column: string
  referencedTable: string
  referencedColumn: string
}): string {
  const [child, parent] = [reference.table, reference.referencedTable].map(quoteIdentifier)
  const [column, key] = [reference.column, reference.referencedColumn].map(quoteIdentifier)
  return (
    `SELECT COUNT(*) FROM ${child} child LEFT JOIN ${parent} parent ON parent.${key} = child.${column} ` +
    `WHERE child.${column} IS NOT NULL AND parent.${key} IS NULL`
  )
}
