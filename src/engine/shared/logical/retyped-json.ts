import { quoteIdentifier } from '../../quote.ts'
import { isReadAsText } from './column-expressions.ts'
import { columnsWhere } from './columns-where.ts'
import type { ObservedCatalog } from './read-catalog.ts'
import type { ReaderPool } from './reader-pool.ts'

/**
 * MySQL keeps types in a JSON value that its text does not have: JSON_OBJECT('p', price) holds
 * a DECIMAL, printed as 49.90, and a DATE prints like a string. Text is the only way to read
 * one, and a number of text is a DOUBLE. So JSON is read as what its text would store
 * (`columnEntry`): 49.9, which is equal. Where it is not equal, this tells: a date became a
 * string, or a decimal has more digits than a DOUBLE.
 *
 * @returns a warning for each column that has such a value
 */
export async function retypedJson(
  pool: ReaderPool,
  { tables }: ObservedCatalog,
): Promise<string[]> {
  const warnings: string[] = []
  for (const { schema, name, columns } of tables) {
    const differs = new Map(
      columns
        .filter(isReadAsText)
        .map(column => [column.name, `NOT (${column.read} <=> ${quoteIdentifier(column.name)})`]),
    )
    for (const column of await columnsWhere(pool, { schema, name }, differs)) {
      warnings.push(
        `JSON in ${schema}.${name}.${column} comes back as its text has it: a DATE, TIME or BLOB in it as a string, a DECIMAL of more than 15 digits rounded to a DOUBLE`,
      )
    }
  }
  return warnings
}
