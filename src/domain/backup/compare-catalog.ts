import { countOf } from '#core/units'
import { type Check, checkOf } from './check.ts'
import { comparable, differOnlyIn, type NotBroughtBack } from './comparable-table.ts'
import { compareAccounts } from './compare-accounts.ts'
import { asFilesCount, countersCheck } from './counters-of-files.ts'
import { onViewOf, withoutDanglingGrants } from './dangling-grants.ts'
import { disabledEvent } from './disabled-event.ts'
import { inTheClear as decrypted } from './encrypted-at-rest.ts'
import type { ExpectedChanges } from './expected-changes.ts'
import { hasLimitedHistory } from './limited-history.ts'
import type {
  AccountEntry,
  DatabaseEntry,
  Manifest,
  ProgramEntry,
  ServerObjectEntry,
  SpatialReferenceEntry,
  TableEntry,
} from './manifest.ts'
import { encryptedTables, namedTables, type TableElsewhere } from './manifest-inside.ts'
import { placedElsewhere, placedInside } from './placed-elsewhere.ts'

/** Definitions of a server, as they are now. */
export interface FoundCatalog {
  databases: readonly DatabaseEntry[]
  tables: readonly Pick<TableEntry, 'schema' | 'name' | 'create' | 'statistics'>[]
  programs: readonly ProgramEntry[]
  accounts: readonly AccountEntry[]
  spatialReferences: readonly SpatialReferenceEntry[]
  serverObjects: readonly ServerObjectEntry[]
}

/** Compares every definition of the snapshot with what is on the server now. */
export function compareCatalog(
  expected: Pick<
    Manifest,
    | 'databases'
    | 'tables'
    | 'programs'
    | 'accounts'
    | 'spatialReferences'
    | 'serverObjects'
    | 'settings'
  >,
  found: FoundCatalog,
  changes: ExpectedChanges,
): Check[] {
  const wanted = (schema: string): boolean => changes.databases?.includes(schema) ?? true
  const programs = expected.programs.filter(({ schema }) => wanted(schema))
  // One that was invalid on the source, and that the server refused.
  const isLeftOut = (program: ProgramEntry): boolean =>
    program.invalid !== undefined && findProgram(program, found) === undefined
  const there = expected.programs.filter(program => !isLeftOut(program))
  const compare = (name: string, kinds: readonly ProgramEntry['kind'][]): Check => {
    const mine = programs.filter(({ kind }) => kinds.includes(kind))
    const left = mine.filter(isLeftOut)
    const differences = mine
      .filter(program => !left.includes(program))
      .flatMap(program => programDifference(program, found, changes))
    const besides = left.map(({ schema, name }) => `\`${schema}\`.\`${name}\``).join(', ')
    return checkOf(
      name,
      `${countOf(mine.length - left.length, name.slice(0, -1))}${besides && `; left out, invalid on the source too: ${besides}`}`,
      differences,
    )
  }
  return [
    ...compareTables(expected, found, wanted, changes),
    ...compareStatistics(
      expected.tables.filter(({ schema }) => wanted(schema)),
      found,
    ),
    compare('views', ['view']),
    compare('routines', ['library', 'procedure', 'function', 'package', 'package body']),
    compare('triggers', ['trigger']),
    compare('events', ['event']),
    ...(programs.some(({ kind }) => kind === 'sequence')
      ? [compare('sequences', ['sequence'])]
      : []),
    ...lettersCheck(programs),
    ...compareSpatial(expected.spatialReferences ?? [], found),
    ...(changes.accounts ? compareServerObjects(expected.serverObjects ?? [], found) : []),
    ...compareAccounts(
      withoutDanglingGrants(expected.accounts, { ...expected, programs: there }),
      found.accounts,
      changes,
      onViewOf(expected),
    ),
  ]
}

function compareTables(
  expected: Pick<Manifest, 'databases' | 'tables'>,
  found: FoundCatalog,
  wanted: (schema: string) => boolean,
  { dataFiles = false, inTheClear = false }: ExpectedChanges,
): Check[] {
  const databases = expected.databases.filter(({ name }) => wanted(name))
  const tables = expected.tables.filter(({ schema }) => wanted(schema))
  const placed: TableElsewhere[] = []
  const moved: TableElsewhere[] = []
  const counters: TableElsewhere[] = []
  const told: { in: NotBroughtBack; table: string }[] = []
  const encrypted = inTheClear ? encryptedTables({ tables }) : []
  const differences = [
    ...databases.flatMap(({ name, create }) => {
      const is = found.databases.find(database => database.name === name)
      return difference(`database \`${name}\``, create, is?.create)
    }),
    ...tables.flatMap(({ schema, name, create: was }) => {
      const is = found.tables.find(table => table.schema === schema && table.name === name)
      const label = `table \`${schema}\`.\`${name}\``
      const counted = dataFiles && is ? asFilesCount(was, is.create) : null
      if (counted !== null) counters.push({ schema, name, place: counted.change })
      const counting = counted?.create ?? was
      const create = inTheClear ? decrypted(counting) : counting
      const place = placedElsewhere(create)
      if (place !== null) placed.push({ schema, name, place })
      if (is && comparable(is.create) === comparable(create)) return []
      // Data files are the source's own: nothing was made anew.
      const onlyIn =
        is && !dataFiles ? differOnlyIn(comparable(create), comparable(is.create)) : null
      if (onlyIn) {
        told.push(...onlyIn.map(kind => ({ in: kind, table: `\`${schema}\`.\`${name}\`` })))
        return []
      }
      if (!is || place === null || !isSameInside(is.create, create)) {
        return difference(label, create, is?.create)
      }
      moved.push({ schema, name, place })
      return []
    }),
    ...extra(tables, found.tables, 'table', wanted),
  ]
  const besides = moved.length === 0 ? '' : `; of ${moved.length} without where they lie`
  return [
    checkOf(
      'definitions',
      `${tables.length} ${tables.length === 1 ? 'table' : 'tables'} of ${databases.map(({ name }) => name).join(', ')}${besides}`,
      differences,
    ),
    ...placesCheck(placed, moved),
    ...notBroughtBack(told),
    ...countersCheck(counters),
    ...(dataFiles ? [] : historyCheck(tables)),
    ...encryptionCheck(encrypted),
  ]
}

/**
 * A drill makes every table in its own folder, and a server can be told to put none elsewhere. Then
 * all else of the definition is compared, and nothing says that the place would have been right.
 */
function placesCheck(placed: readonly TableElsewhere[], moved: readonly TableElsewhere[]): Check[] {
  if (placed.length === 0) return []
  if (moved.length === 0) return [checkOf('places', `of ${namedTables(placed)}`, [])]
  const summary = `in the data directory, and not where they lay: ${namedTables(moved)}`
  return [{ name: 'places', outcome: 'unchecked', summary, differences: [] }]
}

/**
 * A server orders keys when it makes a table: unique ones without NULL first. MariaDB leaves them where they
 * were when an ALTER TABLE makes such a key of another, and no definition brings that order back. Nor does one bring
 * back a column that may be NULL and has no default (`columnsWithoutDefault`), where MariaDB has it.
 */
const NOT_BROUGHT_BACK: Readonly<Record<NotBroughtBack, string>> = {
  keys: 'the same ones, in the order that the server makes them in',
  defaults: 'columns have a default of NULL that had none, so an INSERT may leave them out',
}

function notBroughtBack(told: readonly { in: NotBroughtBack; table: string }[]): Check[] {
  return (['keys', 'defaults'] as const).flatMap(name => {
    const tables = told.flatMap(one => (one.in === name ? [one.table] : []))
    if (tables.length === 0) return []
    const summary = `${NOT_BROUGHT_BACK[name]}: of ${tables.join(', ')}`
    return [{ name, outcome: 'unchecked', summary, differences: [] } satisfies Check]
  })
}

/** Rows are compared, and not in which partition each is. */
function historyCheck(tables: Manifest['tables']): Check[] {
  const limited = tables.filter(hasLimitedHistory)
  if (limited.length === 0) return []
  const summary = `past rows are in the first partition, whatever its LIMIT, and who drops that drops all of them: ${namedTables(limited)}`
  return [{ name: 'history', outcome: 'unchecked', summary, differences: [] }]
}

/** Nothing says that the server would have encrypted them. */
function encryptionCheck(tables: ReturnType<typeof encryptedTables>): Check[] {
  if (tables.length === 0) return []
  const summary = `in the clear here, for the private server has no key, and encrypted on the source: ${namedTables(tables)}`
  return [{ name: 'encryption', outcome: 'unchecked', summary, differences: [] }]
}

/** All but the place, which the server that was asked for it has left out. */
function isSameInside(is: string, was: string): boolean {
  return placedElsewhere(is) === null && comparable(is) === comparable(placedInside(was))
}

/**
 * Plans may be others without them, and no answer is. A server that renews them itself has others, so
 * that only what they are of is compared.
 */
function compareStatistics(expected: Manifest['tables'], found: FoundCatalog): Check[] {
  const told = expected.filter(({ statistics }) => statistics !== undefined)
  if (told.length === 0) return []
  const heads = (statements: readonly string[] = []): string =>
    statements.map(sql => sql.replace(/ USING DATA .*$/s, '')).join()
  const lacking = told.filter(({ schema, name, statistics }) => {
    const is = found.tables.find(table => table.schema === schema && table.name === name)
    return heads(is?.statistics) !== heads(statistics)
  })
  const names = lacking.map(({ schema, name }) => `\`${schema}\`.\`${name}\``).join(', ')
  return lacking.length === 0
    ? [checkOf('statistics', `of ${countOf(told.length, 'table')}`, [])]
    : [
        {
          name: 'statistics',
          outcome: 'unchecked',
          summary: `the optimizer's statistics did not come back: of ${names}; ANALYZE TABLE makes them anew`,
          differences: [],
        },
      ]
}

function programDifference(
  program: ProgramEntry,
  found: FoundCatalog,
  { eventsDisabled }: ExpectedChanges,
): string[] {
  const label = `${program.kind} \`${program.schema}\`.\`${program.name}\``
  const is = findProgram(program, found)
  const create =
    program.kind === 'event' && eventsDisabled ? disabledEvent(program.create) : program.create
  if (!is) return [`${label} is missing`]
  if (program.unshown) return []
  const text = (sql: string): string =>
    program.invalid === undefined
      ? withoutTerminator(sql)
      : withShortNames(withoutTerminator(sql), program.schema)
  return [
    ...difference(label, text(create), text(is.create)),
    ...difference(`${label}, its next value,`, program.after ?? '', is.after ?? ''),
    ...difference(
      `${label}, its database's collation,`,
      program.databaseCollation ?? '',
      is.databaseCollation ?? '',
    ),
    ...(program.utf8mb4Collation === undefined
      ? []
      : difference(
          `${label}, the collation of its utf8mb4,`,
          program.utf8mb4Collation,
          is.utf8mb4Collation ?? '',
        )),
    ...(program.sessionCollation === undefined
      ? []
      : difference(
          `${label}, the collation of its parameters without a character set,`,
          program.sessionCollation,
          is.sessionCollation ?? '',
        )),
    ...(['sqlMode', 'characterSetClient', 'collationConnection', 'timeZone'] as const).flatMap(
      setting =>
        is[setting] === program[setting]
          ? []
          : [`${label}: ${setting} was "${program[setting]}" and is "${is[setting]}"`],
    ),
  ]
}

/**
 * MariaDB names the database of each column of a view that it cannot open, and of none that it can: one whose definer
 * is gone opens as somebody else's, beside the live database or where that account is there (10.11).
 */
function withShortNames(view: string, schema: string): string {
  return view.replaceAll(`\`${schema.replaceAll('`', '``')}\`.`, '')
}

/**
 * MySQL keeps the `;` behind a body of one statement where the client sent several at once
 * (CLIENT_MULTI_STATEMENTS), as programs that migrate a schema do, and takes it away where a statement comes alone,
 * as in a restore (sql_parse.cc: alloc_query). Measured on 9.7; MariaDB keeps none.
 */
function withoutTerminator(create: string): string {
  let end = create.length
  while (end > 0 && ' \t\r\n;'.includes(create[end - 1] ?? '')) end -= 1
  return create.slice(0, end)
}

/** Both sides are shown with the same mark in place of what is lost, and so are equal. */
function lettersCheck(programs: readonly ProgramEntry[]): Check[] {
  const lossy = programs.filter(program => program.lossy)
  if (lossy.length === 0) return []
  const names = lossy
    .map(({ kind, schema, name }) => `${kind} \`${schema}\`.\`${name}\``)
    .join(', ')
  const summary = `other bytes or letters than on the source, whose text was not in its client's character set: ${names}`
  return [{ name: 'letters', outcome: 'unchecked', summary, differences: [] }]
}

function compareSpatial(expected: readonly SpatialReferenceEntry[], found: FoundCatalog): Check[] {
  if (expected.length === 0) return []
  const differences = expected.flatMap(({ id, create }) => {
    const is = found.spatialReferences.find(one => one.id === id)
    return difference(`spatial reference system ${id}`, create, is?.create)
  })
  return [checkOf('spatial', countOf(expected.length, 'spatial reference system'), differences)]
}

/** Another host may lack the library of a function, or the processors of a resource group. */
function compareServerObjects(
  expected: readonly ServerObjectEntry[],
  found: FoundCatalog,
): Check[] {
  if (expected.length === 0) return []
  const lacking = expected.filter(
    ({ kind, name, create }) =>
      !found.serverObjects.some(
        one => one.kind === kind && one.name === name && one.create === create,
      ),
  )
  const names = lacking.map(({ kind, name }) => `${kind} ${name}`).join(', ')
  return lacking.length === 0
    ? [checkOf('server', countOf(expected.length, 'server object'), [])]
    : [
        {
          name: 'server',
          outcome: 'unchecked',
          summary: `not on this server as they were: ${names}`,
          differences: [],
        },
      ]
}

function findProgram(
  { kind, schema, name }: ProgramEntry,
  found: FoundCatalog,
): ProgramEntry | undefined {
  return found.programs.find(one => one.kind === kind && one.schema === schema && one.name === name)
}

function difference(label: string, was: string, is: string | undefined): string[] {
  if (is === undefined) return [`${label} is missing`]
  if (was === is) return []
  const at = [...was].findIndex((character, place) => is[place] !== character)
  const around = (text: string): string => {
    const from = Math.max(0, (at < 0 ? was.length : at) - 20)
    return JSON.stringify(text.slice(from, from + 60))
  }
  return [`${label} was defined otherwise: ${around(was)} became ${around(is)}`]
}

function extra(
  expected: readonly { schema: string; name: string }[],
  found: readonly { schema: string; name: string }[],
  kind: string,
  wanted: (schema: string) => boolean,
): string[] {
  const known = new Set(expected.map(({ schema, name }) => JSON.stringify([schema, name])))
  return found
    .filter(({ schema, name }) => wanted(schema) && !known.has(JSON.stringify([schema, name])))
    .map(({ schema, name }) => `${kind} \`${schema}\`.\`${name}\` was not in the snapshot`)
}
