import type { ProbeEntry } from '#domain/backup/manifest'
import { blankQuotes, parseCreateTable } from '#domain/schema/create-table'
import type { CatalogTable } from '../../logical-reader.ts'
import { quoteIdentifier, quoteQualified } from '../../quote.ts'
import { sumOf } from './sum-of.ts'

/** Rows that are compared, the first by the table's key; a table without one is left out beyond them. */
const ROWS = 500_000

const SUMS =
  'SELECT COUNT(*), SUM(CAST(CONV(LEFT(SHA2(t, 256), 12), 16, 10) AS DECIMAL(20))), SUM(n)'

export const isComputedProbe = ({ sql }: Pick<ProbeEntry, 'sql'>): boolean => sql.startsWith(SUMS)

/**
 * A question whose answer tells whether STORED generated columns came back as they were. Their values are
 * in no chunk: the server that restores computes them anew, under other settings than the session had that
 * wrote the row (div_precision_increment, sql_mode), and neither engine says that they differ.
 *
 * The expressions are computed, too: what the server refuses under a restore's settings (1690, of a session
 * with NO_UNSIGNED_SUBTRACTION) leaves the question without an answer, and no restore would take the row.
 *
 * @returns null for a table without such columns
 */
export function computedProbe(table: CatalogTable): Omit<ProbeEntry, 'answer'> | null {
  const { schema, name, create, key, estimate } = table
  const columns = storedColumns(create)
  if (columns.length === 0 || (key === null && estimate.rows > ROWS)) return null
  // SHA2, for MySQL 9.6 and later have no MD5. As text, since HEX of a number is another thing, and in the column's own bytes.
  const values = columns.map(
    ({ name: column }) => `IFNULL(HEX(CONCAT(${quoteIdentifier(column)})), '-')`,
  )
  // Whether it is null a server may know without computing it; how long its text is, never.
  const computed = columns.map(({ expression }) => `IFNULL(LENGTH(CONCAT(${expression})), 0)`)
  const order = key ? ` ORDER BY ${key.columns.map(quoteIdentifier).join(', ')}` : ''
  const text = `CONCAT_WS(',', ${values.join(', ')})`
  return {
    name: `${schema}.${name} (${columns.map(column => column.name).join(', ')})`,
    schema,
    sql: `${SUMS} FROM (SELECT ${text} AS t, ${sumOf(computed)} AS n FROM ${quoteQualified(schema, name)}${order} LIMIT ${ROWS}) AS first_rows`,
  }
}

/** The server prints the expression in parentheses, and STORED behind it. */
function storedColumns(create: string): { name: string; expression: string }[] {
  return parseCreateTable(create).clauses.flatMap(clause => {
    const [, quoted] = /^`((?:[^`]|``)+)` /.exec(clause) ?? []
    const words = blankQuotes(clause)
    const found = /^(.* GENERATED ALWAYS AS )(\(.*\)) (?:STORED|PERSISTENT)\b/s.exec(words)
    if (quoted === undefined || !found) return []
    const [, before = '', expression = ''] = found
    const text = clause.slice(before.length, before.length + expression.length)
    return [{ name: quoted.replaceAll('``', '`'), expression: text }]
  })
}
