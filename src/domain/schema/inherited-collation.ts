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

const WITH_COLLATION = new RegExp(`${COLUMN} CHARACTER SET (\\w+) COLLATE (\\w+)`, 's')

/** Default collations that are not named as most are, SET_general_ci. */
const ODD_DEFAULTS =
  /^(?:(?:latin1|dec8|swe7)_swedish|hp8_english|(?:big5|gbk|gb2312|gb18030)_chinese|(?:sjis|ujis|cp932|eucjpms)_japanese|euckr_korean|latin5_turkish|tis620_thai)_ci$/
const HAS_ODD =
  /^(?:latin1|dec8|swe7|hp8|big5|gbk|gb2312|gb18030|sjis|ujis|cp932|eucjpms|euckr|latin5|tis620)$/

/** utf8mb4 has another one by each version, and is printed with it. */
function isDefault(set: string, collation: string): boolean {
  if (set === 'utf8mb4' || !collation.startsWith(`${set}_`)) return false
  return HAS_ODD.test(set) ? ODD_DEFAULTS.test(collation) : collation === `${set}_general_ci`
}

/**
 * Leaves out the character sets that a column's collation implies, and collations that a character set does. Where
 * a table's default was changed after its columns were made, no text makes MySQL print the columns as it did:
 * definitions that differ in this alone are the same. (9.7 prints `CHARACTER SET latin1` of such a column, and
 * with its collation of one that was made by just that.)
 */
export function withoutImpliedCharacterSets(create: string): string {
  const { head, clauses, tail } = parseCreateTable(create)
  const own = / DEFAULT CHARSET=(\w+)/.exec(tail)?.[1]
  const columns = clauses.map(clause =>
    clause
      .replace(CHARACTER_SET, (whole, column: string, set: string) =>
        set === own ? column : whole,
      )
      .replace(WITH_COLLATION, (whole, column: string, set: string, collation: string) =>
        isDefault(set, collation) ? `${column} CHARACTER SET ${set}` : whole,
      ),
  )
  return `${head}\n  ${columns.join(',\n  ')}\n${tail}`
}
