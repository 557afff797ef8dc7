import { parseCreateTable } from '#domain/schema/create-table'
import { quoteIdentifier } from '../../quote.ts'
import { columnsWhere } from './columns-where.ts'
import type { ObservedCatalog } from './read-catalog.ts'
import type { ReaderPool } from './reader-pool.ts'

/** A column of ENUM or SET as SHOW CREATE TABLE prints it: name, members, character set. */
const MEMBERS =
  /^`((?:[^`]|``)+)` (?:enum|set)\(('(?:[^']|'')*'(?:,'(?:[^']|'')*')*)\)(?: CHARACTER SET (\w+))?/

/**
 * Both engines print the members of an ENUM or SET in letters of three bytes at most, and a question
 * mark for each other one (an emoji; on MariaDB, a byte that is no ASCII in character set binary). Which
 * letter it is only the rows tell, and so whether it is one: a member may have a question mark.
 *
 * @returns a finding for each column with such a value
 */
export async function maskedMembers(
  pool: ReaderPool,
  { tables }: ObservedCatalog,
): Promise<string[]> {
  const findings: string[] = []
  for (const { schema, name, create } of tables) {
    if (!/ (?:enum|set)\([^\n]*\?/.test(create)) continue
    const masked = new Map(
      parseCreateTable(create).clauses.flatMap(clause => {
        const [, quoted, members, set] = MEMBERS.exec(clause) ?? []
        if (quoted === undefined || !members?.includes('?')) return []
        const column = quoted.replaceAll('``', '`')
        return [[column, beyondShown(quoteIdentifier(column), set === 'binary')] as const]
      }),
    )
    for (const column of await columnsWhere(pool, { schema, name }, masked)) {
      findings.push(
        `column ${schema}.${name}.${column} has members with letters that the server shows as ?: a restore cannot make them, and its rows differ; change it to VARCHAR`,
      )
    }
  }
  return findings
}

/** Has the value a letter that is printed as a question mark? */
function beyondShown(value: string, isBinary: boolean): string {
  return isBinary
    ? `HEX(${value}) REGEXP '^(..)*[89A-F].'`
    : `HEX(CONVERT(${value} USING utf8mb4)) REGEXP '^(..)*F[0-4]'`
}
