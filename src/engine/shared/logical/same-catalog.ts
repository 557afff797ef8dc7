import type { CatalogTable, ReadableTable } from '../../logical-reader.ts'
import type { ObservedCatalog } from './read-catalog.ts'
import { isNameOf, otherNames, othersInWords } from './table-ids.ts'

/**
 * What is in one catalog and not, or not so, in the other: databases, tables, programs and
 * accounts, in words. Empty when nothing changed in between.
 */
export function differences(before: ObservedCatalog, after: ObservedCatalog): string[] {
  return [
    ...compare(
      before.databases.map(one => [`database ${one.name}`, one.create]),
      after.databases.map(one => [`database ${one.name}`, one.create]),
    ),
    ...tableDifferences(before, after),
    ...compare(programFacts(before), programFacts(after)),
    ...compare(accountFacts(before), accountFacts(after)),
    ...compare(spatialFacts(before), spatialFacts(after)),
    ...compare(serverFacts(before), serverFacts(after)),
  ]
}

/** The tables only. */
function tableDifferences(before: ObservedCatalog, after: ObservedCatalog): string[] {
  return [
    ...compare(tableFacts(before.tables), tableFacts(after.tables)),
    ...othersInWords(otherNames(before.tableIds, after.tableIds)),
  ]
}

/**
 * What became of the tables while rows were read. What became of one whose rows had all been read does no harm, nor do new
 * ones, which were not there at the point.
 *
 * @param isRead known to have been the one of the point at its last row
 */
export function unreadDifferences(
  before: ObservedCatalog,
  after: ObservedCatalog,
  isRead: (table: ReadableTable) => boolean,
): string[] {
  const read = before.tables.filter(isRead)
  const was = new Set(before.tables.map(tableKey))
  const done = new Set(read.map(tableKey))
  const isOpen = (table: CatalogTable): boolean =>
    was.has(tableKey(table)) && !done.has(tableKey(table))
  const others = otherNames(before.tableIds, after.tableIds).filter(
    name => !read.some(table => isNameOf(name, table)),
  )
  return [
    ...compare(tableFacts(before.tables.filter(isOpen)), tableFacts(after.tables.filter(isOpen))),
    ...othersInWords(others),
  ]
}

/** Of one table alone: dots are letters of names. */
export const tableKey = ({ schema, name }: ReadableTable): string => JSON.stringify([schema, name])

type Fact = [name: string, text: string]

/**
 * Two things may have one name in words, for dots are letters of names: `a.b`.`c` and `a`.`b.c`. Their facts
 * are compared as they come, which is the order of the catalog.
 */
function compare(before: readonly Fact[], after: readonly Fact[]): string[] {
  const now = textsByName(after)
  const then = textsByName(before)
  return [
    ...Array.from(then, ([name, texts]) => {
      const others = now.get(name)
      if (others === undefined) return [`${name} is gone`]
      return JSON.stringify(others) === JSON.stringify(texts) ? [] : [`${name} has changed`]
    }).flat(),
    ...[...now.keys()].flatMap(name => (then.has(name) ? [] : [`${name} is new`])),
  ]
}

function textsByName(facts: readonly Fact[]): Map<string, string[]> {
  const byName = new Map<string, string[]>()
  for (const [name, text] of facts) byName.set(name, [...(byName.get(name) ?? []), text])
  return byName
}

function tableFacts(tables: readonly CatalogTable[]): Fact[] {
  return tables.map(table => [
    `table ${table.schema}.${table.name}`,
    `${definition(table.create)}\n${table.storageEngine}\n${table.createdAt}`,
  ])
}

function programFacts({ programs }: ObservedCatalog): Fact[] {
  // A sequence's next value (`after`) moves by itself.
  return programs.map(({ kind, schema, name, after: _, ...facts }) => [
    `${kind} ${schema}.${name}`,
    JSON.stringify(facts),
  ])
}

function accountFacts({ accounts }: ObservedCatalog): Fact[] {
  return accounts.map(account => [
    `${account.kind} '${account.user}'@'${account.host}'`,
    JSON.stringify(account),
  ])
}

function spatialFacts({ spatialReferences }: ObservedCatalog): Fact[] {
  return spatialReferences.map(({ id, create }) => [`spatial reference system ${id}`, create])
}

function serverFacts({ serverObjects }: ObservedCatalog): Fact[] {
  return serverObjects.map(({ kind, name, create }) => [`${kind} ${name}`, create])
}

/** SHOW CREATE TABLE without the next AUTO_INCREMENT value, which every insert moves; a comment may speak of another. */
export function definition(create: string): string {
  return create.replace(/^(\) [^']*?) AUTO_INCREMENT=\d+/m, '$1')
}

/** The newest CREATE_TIME, e.g. "2026-11-20 23:09:42", UTC; null without tables. */
export function newestTable(tables: readonly CatalogTable[]): string | null {
  return tables.reduce<string | null>(
    (newest, { createdAt }) =>
      createdAt !== null && (newest === null || createdAt > newest) ? createdAt : newest,
    null,
  )
}
