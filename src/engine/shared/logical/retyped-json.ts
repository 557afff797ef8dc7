import { EcomdbError, messageOf } from '#core/errors'
import { quoteIdentifier } from '../../quote.ts'
import { serverErrorNumber } from '../../server-error.ts'
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
 * @throws EcomdbError UNSUPPORTED for a value whose text is no JSON: see unreadable
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
    const found = await columnsWhere(pool, { schema, name }, differs).catch((error: unknown) => {
      throw isNoJson(error) ? unreadable(`${schema}.${name}`, [...differs.keys()], error) : error
    })
    for (const column of found) {
      warnings.push(
        `JSON in ${schema}.${name}.${column} comes back as its text has it: a DATE, TIME or BLOB in it as a string, a DECIMAL of more than 15 digits rounded to a DOUBLE`,
      )
    }
  }
  return warnings
}

/** ER_INVALID_JSON_TEXT, ER_INVALID_JSON_TEXT_IN_PARAM */
const isNoJson = (error: unknown): boolean => [3140, 3141].includes(serverErrorNumber(error) ?? 0)

/**
 * MySQL puts text of ucs2, utf16 and utf32 into a JSON value byte by byte (JSON_ARRAY of such a column, measured
 * on 9.7): beyond ASCII its text is no UTF-8, and no server takes it back.
 */
function unreadable(table: string, columns: readonly string[], error: unknown): EcomdbError {
  const names = columns.map(quoteIdentifier)
  const isBroken = (name: string): string =>
    `(${name} IS NOT NULL AND IFNULL(JSON_VALID(CAST(${name} AS CHAR)), 0) = 0)`
  return new EcomdbError('UNSUPPORTED', {
    what: `table ${table} cannot be backed up: a JSON value in it is no JSON as text`,
    why: `as JSON_ARRAY and JSON_OBJECT make one of ucs2, utf16 and utf32: ${messageOf(error)}`,
    hints: [
      `its rows are those WHERE ${names.map(isBroken).join(' OR ')}: write them anew, of text in utf8mb4`,
      'or leave its database out with --databases',
    ],
    cause: error,
  })
}
