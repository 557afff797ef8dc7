import { EcomdbError } from '#core/errors'
import type { Catalog, CatalogTable } from '../../logical-reader.ts'
import type { Session } from '../../session.ts'

/**
 * Tables whose rows cannot be had at the consistent point, or not all of them, are refused
 * by name: leaving them out, or reading them at another moment, would be a backup that
 * looks complete and is not.
 *
 * @param transactional storage engines of the server's own with transactions, in lower case
 * @returns tables without transactions that can be read while nobody writes to them
 * @throws EcomdbError UNSUPPORTED
 */
export function lockedForReading(
  catalog: Catalog,
  transactional: ReadonlySet<string>,
): CatalogTable[] {
  const others = catalog.tables.filter(
    ({ storageEngine }) => !transactional.has(storageEngine.toLowerCase()),
  )
  refuse(others.filter(({ storageEngine }) => !HELD.has(storageEngine.toLowerCase())))
  return others
}

/**
 * Engines whose rows are in the readers' snapshot, in lower case. FEDERATED, SPIDER, ColumnStore and NDB say that
 * they have transactions, too (10.11): of other servers, or of nodes that know nothing of the snapshot.
 */
const OWN_TRANSACTIONS = ['innodb', 'rocksdb']

/** Engines whose rows are their own, and are there as long as nobody writes. */
const HELD = new Set(['myisam', 'aria', 'memory', 'csv', 'archive', 'blackhole'])

/** @throws EcomdbError UNSUPPORTED naming them; not for none */
export function refuse(tables: readonly CatalogTable[]): void {
  const refused = tables.map(
    ({ schema, name, storageEngine }) => `${schema}.${name} (${storageEngine || 'no engine'})`,
  )
  if (refused.length === 0) return
  throw new EcomdbError('UNSUPPORTED', {
    what: `${refused.length} table(s) cannot be backed up logically at one point in time`,
    why: refused.slice(0, 20).join(', ') + (refused.length > 20 ? ', …' : ''),
    hints: [
      ...(tables.some(({ storageEngine }) => storageEngine === '') ? [NO_ENGINE] : []),
      'ALTER TABLE … ENGINE=InnoDB gives a table transactions',
      'or name the databases to back up with --databases, without theirs',
    ],
  })
}

const NO_ENGINE =
  'one without an engine was dropped or renamed while it was listed: run it again; or the server cannot open it: CHECK TABLE'

/** Storage engines whose tables are read in the snapshot, in lower case. */
export async function transactionalEngines(control: Session): Promise<ReadonlySet<string>> {
  const rows = await control.rows(
    "SELECT ENGINE AS name FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES'",
  )
  const names = rows.map(row => String(row['name']).toLowerCase())
  return new Set(names.filter(name => OWN_TRANSACTIONS.includes(name)))
}
