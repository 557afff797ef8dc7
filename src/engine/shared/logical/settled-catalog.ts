import { setTimeout as sleep } from 'node:timers/promises'
import { RESTORE_JOURNAL } from '../../restore-journal-database.ts'
import type { Session } from '../../session.ts'
import type { LogicalDialect } from './dialect.ts'
import { NamesOfTables } from './names-of-tables.ts'
import { type ObservedCatalog, readCatalog } from './read-catalog.ts'
import { newestTable } from './same-catalog.ts'

/**
 * CREATE_TIME has whole seconds: only when the newest lies in the past does every later
 * ALTER show. One of a later day (MySQL under SET timestamp, or a clock that was put back) is waited for in vain,
 * and need not be: an ALTER now gives another one.
 *
 * @returns also the names of the tables just before it
 */
export async function settledCatalog(
  dialect: LogicalDialect,
  control: Session,
  databases: readonly string[] | null,
): Promise<{ catalog: ObservedCatalog; names: NamesOfTables }> {
  const without = [...dialect.systemDatabases, RESTORE_JOURNAL]
  while (true) {
    const [clock] = await control.rows(
      `SELECT DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%d %H:%i:%s') AS now_,
         DATE_FORMAT(UTC_TIMESTAMP() + INTERVAL 60 SECOND, '%Y-%m-%d %H:%i:%s') AS ahead`,
    )
    const [now, ahead] = [String(clock?.['now_']), String(clock?.['ahead'])]
    const names = await NamesOfTables.of(control, without, databases)
    const catalog = await readCatalog(dialect, control, databases)
    const newest = newestTable(catalog.tables.filter(one => (one.createdAt ?? '') < ahead))
    if (newest === null || newest < now) return { catalog, names }
    await sleep(200)
  }
}
