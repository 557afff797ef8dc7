import { parseCreateTable } from './create-table.ts'

/**
 * A column's name and type, then a collation without a character set before it. A doubled quote is the end of
 * one text and the begin of the next: were it either, 30 of them would take minutes, and 40 a day.
 */
const COLLATION_ALONE =
  /^(`(?:[^`]|``)+` \w+(?:\((?:[^)']|'(?:[^'\\]|\\.)*')*\))?) COLLATE (\w+)(?= |$)/s

/**
 * Leaves out the collations that columns take from their table, so that the new table
 * prints as the old one does.
 *
 * MySQL remembers whether a column's collation was written, and from then on prints its
 * character set as well (store_create_info in sql_show.cc). SHOW CREATE TABLE writes a
 * collation that was only inherited, where it is not its character set's first one; run as
 * it stands, the copy would print `CHARACTER SET … COLLATE …` where the original prints
 * `COLLATE …`: equal in meaning, but not byte for byte.
 *
 * @param create what SHOW CREATE TABLE printed
 */
export function withInheritedCollation(create: string): string {
  const { head, clauses, tail } = parseCreateTable(create)
  const inherited = / COLLATE=(\w+)/.exec(tail)?.[1]
  if (inherited === undefined) return create
  const columns = clauses.map(clause =>
    clause.replace(COLLATION_ALONE, (whole, column: string, collation: string) =>
      collation === inherited ? column : whole,
    ),
  )
  return `${head}\n  ${columns.join(',\n  ')}\n${tail}`
}

const COLUMN = COLLATION_ALONE.source.slice(0, COLLATION_ALONE.source.indexOf(' COLLATE '))
const CHARACTER_SET = new RegExp(`${COLUMN} CHARACTER SET (\\w+)(?= COLLATE )`, 's')

/**
 * Leaves out the character sets that a column's collation implies. Where a table's default
 * was changed after its columns were made, no text makes MySQL print the columns as it did:
 * definitions that differ in this alone are the same.
 */
export function withoutImpliedCharacterSets(create: string): string {
  const { head, clauses, tail } = parseCreateTable(create)
  const own = / DEFAULT CHARSET=(\w+)/.exec(tail)?.[1]
  const columns = clauses.map(clause =>
    clause.replace(CHARACTER_SET, (whole, column: string, set: string) =>
      set === own ? column : whole,
    ),
  )
  return `${head}\n  ${columns.join(',\n  ')}\n${tail}`
}
