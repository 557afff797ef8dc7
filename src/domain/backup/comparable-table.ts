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
  const { head, clauses, tail } = parseCreateTable(create)
  if (/ WITH SYSTEM VERSIONING/.test(keywordsOf(tail))) return create
  const plain = clauses.map(clause => {
    const at = blankQuotes(clause).indexOf(UNVERSIONED)
    return at < 0 ? clause : clause.slice(0, at) + clause.slice(at + UNVERSIONED.length)
  })
  return `${head}${plain.join(',')}${tail}`
}

/** What no statement brings back as it was: `TOLD` in compare-catalog.ts. */
export type NotBroughtBack = 'keys' | 'defaults'

/**
 * In what alone do two definitions differ that a server may not make as they were? Null: in something else.
 * Both are `comparable`, and not equal.
 */
export function differOnlyIn(one: string, other: string): readonly NotBroughtBack[] | null {
  if (keysSorted(one) === keysSorted(other)) return ['keys']
  const [a, b] = [withoutNullDefaults(one), withoutNullDefaults(other)]
  if (a === b) return ['defaults']
  return keysSorted(a) === keysSorted(b) ? ['keys', 'defaults'] : null
}

const OF_NULL = ' DEFAULT NULL'

function withoutNullDefaults(create: string): string {
  if (!create.includes(OF_NULL)) return create
  const { head, clauses, tail } = parseCreateTable(create)
  const plain = clauses.map(clause => {
    const at = clause.startsWith('`') ? blankQuotes(clause).indexOf(OF_NULL) : -1
    return at < 0 ? clause : clause.slice(0, at) + clause.slice(at + OF_NULL.length)
  })
  return `${head}${plain.join(',')}${tail}`
}

/** The definition with its keys in the order of their text. */
function keysSorted(create: string): string {
  const { head, clauses, tail } = parseCreateTable(create)
  const isKey = (clause: string): boolean =>
    /^(?:UNIQUE |FULLTEXT |SPATIAL )?KEY /.test(keywordsOf(clause))
  const keys = clauses.filter(isKey).toSorted()
  return `${head}${clauses.map(one => (isKey(one) ? keys.shift() : one)).join(',')}${tail}`
}
