import { quoteQualified } from '../../quote.ts'
import type { ReaderPool } from './reader-pool.ts'

/**
 * Which columns of a table have a row in which their condition is true. One statement, for a big table
 * is long to read; that of one column ends with the first such row.
 *
 * @param conditions SQL, by the column
 */
export async function columnsWhere(
  pool: Pick<ReaderPool, 'query'>,
  { schema, name }: { schema: string; name: string },
  conditions: ReadonlyMap<string, string>,
): Promise<string[]> {
  const [first, ...others] = conditions.values()
  if (first === undefined) return []
  const table = quoteQualified(schema, name)
  const [row = []] = await pool.query(
    others.length === 0
      ? `SELECT 1 FROM ${table} WHERE ${first} LIMIT 1`
      : `SELECT ${[first, ...others].map(condition => `MAX(${condition})`).join(', ')} FROM ${table}`,
  )
  return [...conditions.keys()].filter((_, at) => row[at] === '1')
}
