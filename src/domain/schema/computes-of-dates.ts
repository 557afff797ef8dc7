import { COMPUTED_VALUES } from './computed-values.ts'
import { identifiersIn, keywordsOf, parseCreateTable } from './create-table.ts'

/**
 * Does the server compute a value of this table, in a generated column or a key over an expression, that may
 * be another one under ALLOW_INVALID_DATES? So may be what reads a text or a number as a date: functions of dates and
 * times, and all that stands beside a column of such a type.
 *
 * @param create what SHOW CREATE TABLE printed
 * @returns true, too, for some that would be the same
 */
export function computesOfDates(create: string): boolean {
  // Most tables compute nothing: they need not be taken apart for each of their pieces.
  if (!COMPUTED_VALUES.test(keywordsOf(create))) return false
  const { clauses } = parseCreateTable(create)
  const computed = clauses.filter(clause => COMPUTED_VALUES.test(keywordsOf(clause)))
  if (computed.length === 0) return false
  const temporal = new Set(clauses.filter(isTemporal).map(clause => identifiersIn(clause)[0]))
  return computed.some(
    clause =>
      OF_DATES.test(keywordsOf(clause)) || identifiersIn(clause).some(name => temporal.has(name)),
  )
}

const OF_DATES =
  /\b(?:\w*(?:date|time|second|minute|hour|day|week|month|quarter|year|period)\w*|interval|extract)\b/i

function isTemporal(clause: string): boolean {
  return clause.startsWith('`') && /^ *(?:date|time|year)/i.test(keywordsOf(clause))
}
