import { EcomdbError, messageOf } from '#core/errors'
import type { DatabaseEntry } from '#domain/backup/manifest'
import type { TableName } from '#domain/backup/physical-manifest'
import { readsZonesOfRows, zonesToAsk } from '#domain/backup/time-zones'
import type { Catalog, CatalogTable } from '../../logical-reader.ts'
import { quoteIdentifier } from '../../quote.ts'
import { RESTORE_JOURNAL } from '../../restore-journal-database.ts'
import { isDeadlock, isGone } from '../../server-error.ts'
import type { Session, SqlRow } from '../../session.ts'
import { isHiddenFolder } from '../hidden-folders.ts'
import { knownZones, listedZones } from '../known-zones.ts'
import { readSettings } from '../server-settings.ts'
import type { LogicalDialect } from './dialect.ts'
import { readPrograms } from './read-programs.ts'
import { readTables } from './read-tables.ts'
import { readPlugins, readServerObjects } from './server-objects.ts'
import { readTableIds, type TableIds } from './table-ids.ts'

/** A catalog whose tables can be compared with a later one. */
export interface ObservedCatalog extends Catalog {
  tableIds: TableIds
}

/** How often a catalog is read anew because something went away meanwhile. */
const LOOKS = 10

/**
 * A server has no moment at which its whole catalog is read: what is dropped between its
 * listing and the look at its text starts the reading again.
 *
 * @param without see LogicalReader.readCatalog
 * @throws EcomdbError USAGE for a database that is not there; UNSUPPORTED, PRIVILEGE_MISSING
 */
export async function readCatalog(
  dialect: LogicalDialect,
  session: Session,
  wanted: readonly string[] | null,
  without: readonly TableName[] = [],
): Promise<ObservedCatalog> {
  for (let look = 1; ; look += 1) {
    try {
      return await lookThrough(dialect, session, wanted, without)
    } catch (error) {
      if (isDeadlock(error)) throw heldByOthers(error)
      if (!isGone(error) || look === LOOKS) throw error
    }
  }
}

/** Nobody sees the definition of a table while CREATE TABLE … SELECT fills it, nor MySQL's numbers beside DDL that waits. */
function heldByOthers(error: unknown): EcomdbError {
  return new EcomdbError('NOT_CONSISTENT', {
    what: 'the definitions of the tables could not be read in time',
    why: `another session keeps a table for itself: ${messageOf(error)}`,
    hints: [
      'run the backup when that statement has ended: SHOW FULL PROCESSLIST has it (CREATE TABLE … SELECT, or DDL that waits for a long transaction)',
    ],
    cause: error,
  })
}

async function lookThrough(
  dialect: LogicalDialect,
  session: Session,
  wanted: readonly string[] | null,
  without: readonly TableName[],
): Promise<ObservedCatalog> {
  for (const setting of dialect.catalogSettings) await session.run(`SET SESSION ${setting}`)
  const names = await databaseNames(dialect, session, wanted)
  const databases: DatabaseEntry[] = []
  const tables: CatalogTable[] = []
  for (const name of names) {
    const [row] = await session.rows(`SHOW CREATE DATABASE ${quoteIdentifier(name)}`)
    databases.push({ name, create: String(row?.['Create Database'] ?? '') })
    const left = without.filter(({ database }) => database === name)
    tables.push(...(await readTables(session, name, new Set(left.map(({ table }) => table)))))
  }
  const settings = await readSettings(session, dialect.settings)
  const programs = await readPrograms(dialect, session, names)
  return {
    serverVersion: session.flavor.text,
    sourceId: await dialect.sourceId(session),
    settings,
    databases,
    tables,
    tableIds: tables.some(isInnodb) ? await readTableIds(dialect, session, wanted) : new Map(),
    programs,
    accounts: await dialect.accounts(session),
    spatialReferences: await dialect.spatialReferences(session),
    serverObjects: await readServerObjects(session),
    plugins: await readPlugins(session),
    timeZones: await readZones(session, { settings, tables, programs }),
  }
}

async function readZones(
  session: Session,
  of: Pick<Catalog, 'settings' | 'tables' | 'programs'>,
): Promise<string[]> {
  const asked = await knownZones(session, zonesToAsk(of))
  return readsZonesOfRows(of) ? [...new Set([...asked, ...(await listedZones(session))])] : asked
}

/** A MariaDB may have no InnoDB, and then not its view of the tables either. */
function isInnodb({ storageEngine }: CatalogTable): boolean {
  return storageEngine.toLowerCase() === 'innodb'
}

async function databaseNames(
  dialect: LogicalDialect,
  session: Session,
  wanted: readonly string[] | null,
): Promise<string[]> {
  const rows = await session.rows<SqlRow & { name: string }>(
    'SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA ORDER BY SCHEMA_NAME',
  )
  const there = rows.map(row => row.name)
  if (wanted === null) {
    const own = [...dialect.systemDatabases, RESTORE_JOURNAL]
    return there.filter(name => !own.includes(name) && !isHiddenFolder(name))
  }
  const missing = wanted.filter(name => !there.includes(name))
  if (missing.length > 0) {
    throw new EcomdbError('USAGE', {
      what: `there is no database ${missing.join(', ')} on this server`,
      why: `the account sees ${there.join(', ')}`,
      hints: ['name databases as the server writes them, with --databases'],
    })
  }
  return there.filter(name => wanted.includes(name))
}
