import { afterToken, blankQuotes, identifiersIn } from '../schema/create-table.ts'

/** Of the words of a definition, strings and names blanked: `WORD DIRECTORY = 'path'` of a table or a partition. */
const DIRECTORY = / (DATA|INDEX) DIRECTORY ?=/g
/** MySQL's general tablespace; a partition has it with `=`. */
const TABLESPACE = /(?:\/\*!50100 )?\bTABLESPACE ?=? /g
/** They are on every server. */
const EVERYWHERE = /^innodb_(?:file_per_table|system)$/

/** A clause of a definition that puts the table somewhere, `from` and `to` in it. */
interface Place {
  name: string
  from: number
  to: number
}

/**
 * Where a table lies that cannot be made on every server as SHOW CREATE TABLE prints it: a general
 * tablespace or a directory of its own, of the table or of a partition, which a logical backup does
 * not bring. Null for a table that lies where tables do.
 *
 * Source: MySQL reference manual, "General Tablespaces"; DATA DIRECTORY is both engines'.
 */
export function placedElsewhere(create: string): string | null {
  const names = new Set(placesOf(create).map(({ name }) => name))
  return names.size === 0 ? null : [...names].join(' and ')
}

/**
 * The definition of the same table where tables lie, as a server prints it of one that it has made
 * from it.
 */
export function placedInside(create: string): string {
  // From behind, so that the places before stay where they are.
  return placesOf(create).reduceRight(
    (text, { from, to }) => text.slice(0, from) + text.slice(to),
    create,
  )
}

function placesOf(create: string): Place[] {
  const words = blankQuotes(create)
  const places: Place[] = []
  for (const { 0: clause, 1: kind, index } of words.matchAll(DIRECTORY)) {
    const at = create.indexOf("'", index + clause.length)
    const to = afterToken(create, at)
    places.push({ name: `${kind} DIRECTORY ${create.slice(at, to)}`, from: index, to })
  }
  for (const { 0: clause, index } of words.matchAll(TABLESPACE)) {
    const at = create.indexOf('`', index + clause.length - 1)
    const end = at < 0 ? -1 : afterToken(create, at)
    const [name = ''] = at < 0 ? [] : identifiersIn(create.slice(at, end))
    if (at < 0 || EVERYWHERE.test(name)) continue
    const to = clause.startsWith('/*') ? create.indexOf('*/', end) + '*/ '.length : end + 1
    places.push({ name: `the tablespace ${name}`, from: index, to })
  }
  return places.sort((a, b) => a.from - b.from)
}
