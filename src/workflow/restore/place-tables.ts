import {
  manifestInside,
  manifestInTheClear,
  namedTables,
  tablesElsewhere,
} from '#domain/backup/manifest-inside'
import type { OpenedSnapshot } from './open-snapshot.ts'
import type { RestoreOptions } from './restore-options.ts'

/** Of a log that is replayed into a server that makes every table in its data directory. */
export const LOG_INSIDE =
  'the log puts tables elsewhere (DATA DIRECTORY or INDEX DIRECTORY), where nothing was written: those that are there at the moment are in the data directory'

/**
 * Decides where tables are made that lie outside of the source's data directory. A server that
 * takes the source's place is told to make them where they were: it refuses what it cannot, and what
 * it has put into its data directory instead is found when all is compared. In the data directory
 * they are made beside the live database, whose files are in that place, and in a server that is
 * thrown away, which writes nowhere else, and has no key to encrypt with.
 */
export function placeTables(
  { databases, into, inside = false }: RestoreOptions,
  snapshot: OpenedSnapshot,
): { snapshot: OpenedSnapshot; notes: readonly string[] } {
  const manifest = inside ? manifestInTheClear(snapshot.manifest) : snapshot.manifest
  const tables = tablesElsewhere(manifest, into === undefined ? databases : [into])
  if (tables.length === 0) return { snapshot: { ...snapshot, manifest }, notes: [] }
  const named = namedTables(tables)
  if (into === undefined && !inside) {
    const note = `made where they lay on the source, where the server must be able to write: ${named}`
    return { snapshot, notes: [note] }
  }
  return {
    snapshot: { ...snapshot, manifest: manifestInside(manifest) },
    notes: [`made in the data directory, and not where they lay: ${named}`],
  }
}
