import { COMPUTED_VALUES } from './computed-values.ts'
import { identifiersIn, keywordsOf, parseCreateTable } from './create-table.ts'

/**
 * Does the server compute something of this table, in a generated column, a key over an expression or a CHECK,
 * that hangs on the session's time zone? So does what reads a TIMESTAMP, which is a moment, as a date or a text; and
 * what makes a TIMESTAMP of a text, or reads one that has its offset in it ("…+02:00", MySQL).
 *
 * @param create what SHOW CREATE TABLE printed
 * @returns true, too, for some that would be the same
 */
export function computesInZone(create: string): boolean {
  // Most tables compute nothing: they need not be taken apart.
  if (!COMPUTED.test(keywordsOf(create))) return false
  const { clauses } = parseCreateTable(create)
  const types = new Map(
    clauses
      .filter(clause => clause.startsWith('`'))
      .map(clause => [nameOf(clause), typeOf(clause)]),
  )
  return clauses.some(clause => {
    const words = keywordsOf(clause)
    if (!COMPUTED.test(words)) return false
    const column = clause.startsWith('`') ? nameOf(clause) : null
    const read = identifiersIn(clause)
      .filter((_, place) => column === null || place > 0)
      .map(name => types.get(name))
    if (read.includes('timestamp') || OF_ZONE.test(words)) return true
    if (column === null) return false
    const type = types.get(column)
    return type === 'timestamp' || (type === 'datetime' && read.some(one => !isTemporal(one)))
  })
}

const COMPUTED = new RegExp(`${COMPUTED_VALUES.source}| CHECK \\(`)

const OF_ZONE =
  /\b(?:from_unixtime|unix_timestamp|timestamp) ?\(|\b(?:as|returning) (?:datetime|timestamp)\b/i

const nameOf = (column: string): string => identifiersIn(column)[0] ?? ''

const typeOf = (column: string): string | undefined =>
  /^ *([a-z]+)/i.exec(keywordsOf(column))?.[1]?.toLowerCase()

const isTemporal = (type: string | undefined): boolean =>
  type === undefined || /^(?:date|datetime|time|year)$/.test(type)
