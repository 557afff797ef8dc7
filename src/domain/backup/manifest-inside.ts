import { inTheClear, isEncryptedAtRest } from './encrypted-at-rest.ts'
import type { Manifest } from './manifest.ts'
import { placedElsewhere, placedInside } from './placed-elsewhere.ts'

/** A table that is made where tables lie, and not in `place`. */
export interface TableElsewhere {
  schema: string
  name: string
  place: string
}

/** Tables of the snapshot, or of some of its databases, that lie in a place of their own. */
export function tablesElsewhere(
  { tables }: Pick<Manifest, 'tables'>,
  databases: readonly string[] | undefined,
): TableElsewhere[] {
  return tables.flatMap(({ schema, name, create }) => {
    const place = placedElsewhere(create)
    const isWanted = databases?.includes(schema) ?? true
    return place === null || !isWanted ? [] : [{ schema, name, place }]
  })
}

/**
 * The manifest of a snapshot with every table where tables lie. What such a table is made from, and
 * compared with, is the same text without its place: all else of the definition is compared, and
 * who restores so must say that the places were not.
 */
export function manifestInside(manifest: Manifest): Manifest {
  return {
    ...manifest,
    tables: manifest.tables.map(table => ({ ...table, create: placedInside(table.create) })),
  }
}

/** Tables of the snapshot, or of some of its databases, whose files the server encrypts. */
export function encryptedTables(
  { tables }: Pick<Manifest, 'tables'>,
  isWanted: (schema: string) => boolean = () => true,
): NamedTable[] {
  return tables.filter(({ schema, create }) => isWanted(schema) && isEncryptedAtRest(create))
}

/** The manifest of a snapshot with every table in the clear, for a server that has no key. */
export function manifestInTheClear(manifest: Manifest): Manifest {
  return {
    ...manifest,
    tables: manifest.tables.map(table => ({ ...table, create: inTheClear(table.create) })),
  }
}

type NamedTable = Omit<TableElsewhere, 'place'> & { place?: string }

/** "`shop`.`orders` (DATA DIRECTORY '/fast/')", for people; the rest of many is counted. */
export function namedTables(tables: readonly NamedTable[]): string {
  const named = tables
    .slice(0, NAMED)
    .map(({ schema, name, place }) => `\`${schema}\`.\`${name}\`${place ? ` (${place})` : ''}`)
  const more = tables.length - NAMED
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join(', ')
}

const NAMED = 20
