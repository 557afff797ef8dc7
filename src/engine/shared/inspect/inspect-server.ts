import type { ServerFacts, ServerInspector } from '../../server-inspector.ts'
import type { Session } from '../../session.ts'
import { privilegesIn } from './privileges.ts'

export const serverInspector: ServerInspector = {
  async inspect(session: Session, database: string): Promise<ServerFacts> {
    const [facts] = await session.rows('SELECT CURRENT_USER() AS account, UTC_TIMESTAMP(3) AS now')
    const size = await session.value(
      `SELECT IFNULL(SUM(IFNULL(DATA_LENGTH, 0) + IFNULL(INDEX_LENGTH, 0)), 0)
         FROM information_schema.TABLES
        WHERE TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema', 'sys')`,
    )
    const exists = await session.value(
      'SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ?',
      [database],
    )
    // The catalogue tables of grants are not readable by every account; its own grants are.
    const grants = await session.rows('SHOW GRANTS')
    return {
      flavor: session.flavor,
      account: String(facts?.['account']),
      now: new Date(`${String(facts?.['now']).replace(' ', 'T')}Z`),
      privileges: privilegesIn(
        grants.map(row => String(Object.values(row)[0])),
        database,
      ),
      databaseExists: exists === '1',
      dataBytes: Number(size),
    }
  },
}
