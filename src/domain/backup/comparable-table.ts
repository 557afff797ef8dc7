import { isDeepStrictEqual } from 'node:util'
import { blankQuotes, keywordsOf, parseCreateTable } from '../schema/create-table.ts'
import { withoutImpliedCharacterSets } from '../schema/inherited-collation.ts'
import { withoutClearMark } from './encrypted-at-rest.ts'

/**
 * What two definitions of one table have in common where the server prints it in one way or another.
 *
 * MariaDB adds partitions by itself, as time goes by, where the table says AUTO; and says of times how an
 * old server stored them, which no statement does. MySQL 8.0 prints plain names of subpartitions without quotes,
 * and 9.7 with them. MariaDB prints WITHOUT SYSTEM VERSIONING of a column where the table has none any more.
 */
export function comparable(create: string): string {
  return withoutClearMark(withoutImpliedCharacterSets(withoutOldVersions(invisibleLast(create))))
    .replace(/( AUTO\nPARTITIONS )\d+$/, '$1n')
    .replace(QUOTED_OR_OLD_TIME, (_, quoted: string | undefined) => quoted ?? '')
    .replace(QUOTED_OR_PLAIN_NAME, (_, quoted: string | undefined, word: string, name: string) => {
      return quoted ?? `${word} \`${name}\``
    })
}

/** MariaDB 10.11 prints it before a column's DEFAULT, 11.8 behind it. */
function invisibleLast(create: string): string {
  if (!create.includes(INVISIBLE)) return create
  const { head, clauses, tail } = parseCreateTable(create)
  const moved = clauses.map(clause => {
    const at = blankQuotes(clause).indexOf(INVISIBLE)
    if (at < 0) return clause
    return clause.slice(0, at) + clause.slice(at + INVISIBLE.length) + INVISIBLE
  })
  return `${head}${moved.join(',')}${tail}`
}

const INVISIBLE = ' INVISIBLE'

const QUOTED_OR_OLD_TIME = /('(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`)| \/\* mariadb-5\.3 \*\//gs

const QUOTED_OR_PLAIN_NAME =
  /('(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`)|\b((?:SUB)?PARTITION) (?!BY\b)(\w+)/gs

const UNVERSIONED = ' WITHOUT SYSTEM VERSIONING'

function withoutOldVersions(create: string): string {
  if (!create.includes(UNVERSIONED)) return create
  if (/ WITH SYSTEM VERSIONING/.test(keywordsOf(parseCreateTable(create).tail))) return create
  const words = blankQuotes(create)
  let plain = ''
  let from = 0
  for (let at = words.indexOf(UNVERSIONED); at >= 0; at = words.indexOf(UNVERSIONED, from)) {
    plain += create.slice(from, at)
    from = at + UNVERSIONED.length
  }
  return plain + create.slice(from)
}

/** What a definition does not bring back everywhere: the order of keys; that a column has no default, not even NULL. */
export type NotBroughtBack = 'keys' | 'defaults'

/**
 * In what alone does a table that a restore has made differ from what it was, of what a server does not make as it
 * was? Null: in something else, as in a default that it had and has no more.
 *
 * @param was both are `comparable`, and not equal
 * @throws RangeError for what is no table's definition
 */
export function differOnlyIn(was: string, is: string): readonly NotBroughtBack[] | null {
  const [before, after] = [parseCreateTable(was), parseCreateTable(is)]
  if (before.head !== after.head || before.tail !== after.tail) return null
  const ungiven = after.clauses.map((clause, at) => {
    const old = before.clauses[at]
    return old !== undefined && old === withoutNullDefault(clause) ? old : clause
  })
  const isGiven = !isDeepStrictEqual(ungiven, after.clauses)
  const isMoved = !isDeepStrictEqual(ungiven, before.clauses)
  if (isMoved && !isDeepStrictEqual(keysSorted(ungiven), keysSorted(before.clauses))) return null
  return [...(isMoved ? (['keys'] as const) : []), ...(isGiven ? (['defaults'] as const) : [])]
}

const OF_NULL = ' DEFAULT NULL'

function withoutNullDefault(clause: string): string {
  const at = clause.startsWith('`') ? blankQuotes(clause).indexOf(OF_NULL) : -1
  return at < 0 ? clause : clause.slice(0, at) + clause.slice(at + OF_NULL.length)
}

/** With the keys in the order of their text, in the places that keys have. */
function keysSorted(clauses: readonly string[]): (string | undefined)[] {
  const isKey = (clause: string): boolean =>
    /^(?:UNIQUE |FULLTEXT |SPATIAL )?KEY /.test(keywordsOf(clause))
  const keys = clauses.filter(isKey).toSorted()
  return clauses.map(one => (isKey(one) ? keys.shift() : one))
}
