import type { Session } from '../../session.ts'
import type { LogicalDialect } from './dialect.ts'
import { type ObservedCatalog, readCatalog } from './read-catalog.ts'
import { lockedForReading, transactionalEngines } from './unreadable-tables.ts'
import { requireVisible } from './visible-databases.ts'

/** What would be done, in order; the first lock that the account may take is used. */
export async function previewConsistent(
  dialect: LogicalDialect,
  session: Session,
  databases: readonly string[] | null,
): Promise<{ catalog: ObservedCatalog; steps: readonly string[] }> {
  await requireVisible(session, databases)
  const catalog = await readCatalog(dialect, session, databases)
  lockedForReading(catalog, await transactionalEngines(session))
  const locks = [...dialect.lockMethods.map(({ words }) => words), 'nothing, with one reader']
  return {
    catalog,
    steps: [
      'wait until nothing runs that others would wait behind',
      `stop commits for a moment by what the account may use: ${locks.join('; else ')}`,
      'on every reader: START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY',
      'read the binary log position, and let commits go on',
      'compare all definitions with those before the point',
      'read the rows in chunks by key, and compare each table again after each chunk',
    ],
  }
}
