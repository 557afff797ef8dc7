import { blankQuotes } from '../schema/create-table.ts'
import type { Manifest } from './manifest.ts'

/** "10.11.19-MariaDB" → 10011: patch releases are one series. */
function seriesOf(version: string): number {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? []
  return Number(major ?? 0) * 1000 + Number(minor ?? 0)
}

export const isSameSeries = (one: string, other: string): boolean =>
  seriesOf(one) === seriesOf(other)

export const isOlder = (version: string, than: string): boolean =>
  seriesOf(version) < seriesOf(than)

/** The first MySQL 8.0 that starts on files of a newer 8.0. */
const PATCHES_GO_BACK = 35

export const OLDER_PATCH =
  'a MySQL 8.0 before 8.0.35 does not start on files that a newer 8.0 has had open'

/** Of one series: does that version start on files of the other one? MySQL 8.0 brought new formats in patch releases. */
export function startsOnFilesOf(version: string, of: string): boolean {
  const patchOf = (text: string): number | null =>
    text.includes('MariaDB') ? null : Number(/^8\.0\.(\d+)/.exec(text)?.[1] ?? Number.NaN)
  const [is, was] = [patchOf(version), patchOf(of)]
  if (!is || !was) return true
  return is >= was || is >= PATCHES_GO_BACK
}

type Definitions = Pick<Manifest, 'databases' | 'tables' | 'programs'>

/**
 * Collations and character sets that definitions name, each with one that names it.
 *
 * @param isWanted tells whether a database is restored
 */
export function namedCollations(
  { databases, tables, programs }: Definitions,
  isWanted: (schema: string) => boolean,
): Map<string, string> {
  const named = new Map<string, string>()
  const add = (label: string, names: readonly (string | undefined)[]): void => {
    for (const name of names) if (name && !named.has(name)) named.set(name, label)
  }
  for (const { name, create } of databases) {
    if (isWanted(name)) add(`database ${name}`, namesIn(create))
  }
  for (const { schema, name, create } of tables) {
    if (isWanted(schema)) add(`${schema}.${name}`, namesIn(create))
  }
  for (const program of programs) {
    const { kind, schema, name, characterSetClient, collationConnection, databaseCollation } =
      program
    if (!isWanted(schema)) continue
    add(`${kind} ${schema}.${name}`, [characterSetClient, collationConnection, databaseCollation])
  }
  return named
}

const NAME = /\b(?:COLLATE|CHARSET|CHARACTER SET)[ =]+(\w+)/g

/** As SHOW CREATE prints them: outside of quotes. */
const namesIn = (create: string): string[] =>
  [...blankQuotes(create).matchAll(NAME)].flatMap(([, name]) => name ?? [])

/**
 * MariaDB's system-versioned tables, where the two servers end time elsewhere (2038, since 11.5 2106): a row that
 * is current has that end, and would be one of the past there, which no SELECT shows (10.11 into 11.8, measured).
 */
export function otherEndOfTime(
  { engine, serverVersion, tables }: Pick<Manifest, 'engine' | 'serverVersion' | 'tables'>,
  targetVersion: string,
  isWanted: (schema: string) => boolean,
): string[] {
  const [was, is] = [serverVersion, targetVersion].map(one => isOlder(one, '11.5.0'))
  if (engine !== 'mariadb' || was === is) return []
  return tables
    .filter(({ schema, create }) => isWanted(schema) && VERSIONED.test(blankQuotes(create)))
    .map(({ schema, name }) => `${schema}.${name}`)
}

const VERSIONED = /\bWITH SYSTEM VERSIONING\b|\bPERIOD FOR SYSTEM_TIME\b/

/** Libraries, and routines in other languages than SQL. */
export function needsLibraries(
  { programs }: Pick<Manifest, 'programs'>,
  isWanted: (schema: string) => boolean,
): string[] {
  return programs
    .filter(({ schema }) => isWanted(schema))
    .filter(({ kind, create }) => kind === 'library' || OTHER_LANGUAGE.test(create))
    .map(({ kind, schema, name }) => `${kind} ${schema}.${name}`)
}

/** As MySQL prints one: its text is a string. A routine in SQL has no language said. */
const OTHER_LANGUAGE = /\n {4}LANGUAGE (?!SQL\n)\w+\n(?: {4}.*\n)*AS [$'"]/
