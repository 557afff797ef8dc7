import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError } from '#core/errors'
import type { ConsistentOptions } from '../../logical-reader.ts'
import { RESTORE_JOURNAL } from '../../restore-journal-database.ts'
import type { Session } from '../../session.ts'
import { limitsOf } from './consistent-lock.ts'
import type { LogicalDialect } from './dialect.ts'
import { NamesOfTables } from './names-of-tables.ts'
import { type ObservedCatalog, readCatalog } from './read-catalog.ts'
import { newestTable } from './same-catalog.ts'

/**
 * CREATE_TIME has whole seconds: only when the newest lies in the past does every later
 * ALTER show. One of a later day (MySQL under SET timestamp, or a clock that was put back) is waited for in vain,
 * and need not be: an ALTER now gives another one.
 *
 * It may take as long as a moment is waited for; ten looks are always taken.
 *
 * @returns also the names of the tables just before it
 * @throws EcomdbError NOT_CONSISTENT
 */
export async function settledCatalog(
  dialect: LogicalDialect,
  control: Session,
  options: ConsistentOptions,
): Promise<{ catalog: ObservedCatalog; names: NamesOfTables }> {
  const without = [...dialect.systemDatabases, RESTORE_JOURNAL]
  const { databases } = options
  const { waitSeconds } = limitsOf(options)
  const began = performance.now()
  for (let look = 1; ; look += 1) {
    const [clock] = await control.rows(
      `SELECT DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%d %H:%i:%s') AS now_,
         DATE_FORMAT(UTC_TIMESTAMP() + INTERVAL 60 SECOND, '%Y-%m-%d %H:%i:%s') AS ahead`,
    )
    const [now, ahead] = [String(clock?.['now_']), String(clock?.['ahead'])]
    const names = await NamesOfTables.of(control, without, databases)
    const catalog = await readCatalog(dialect, control, databases)
    const newest = newestTable(catalog.tables.filter(one => (one.createdAt ?? '') < ahead))
    if (newest === null || newest < now) return { catalog, names }
    const seconds = (performance.now() - began) / 1000
    if (look >= LEAST_LOOKS && seconds > waitSeconds) {
      const made = catalog.tables.find(({ createdAt }) => createdAt === newest)
      throw neverSettled(`${made?.schema}.${made?.name}`, look, seconds)
    }
    await sleep(PAUSE_MS)
  }
}

const PAUSE_MS = 200
/** With the pauses between them longer than a second, in which any table may have been made. */
const LEAST_LOOKS = 10

function neverSettled(table: string, looks: number, seconds: number): EcomdbError {
  return new EcomdbError('NOT_CONSISTENT', {
    what: 'no consistent point could be got: tables are made or altered all the time',
    why: `in ${Math.round(seconds)} s each of ${looks} looks at the definitions found a table that was made or altered in that second, at last ${table}`,
    hints: ['run the backup when no DDL runs', 'raise --wait to wait longer for a calm second'],
  })
}
