import { OTHER_SERVERS } from '#domain/backup/other-servers'
import type { TableName } from '#domain/backup/physical-manifest'
import { quoteString } from '../../quote.ts'
import type { Session } from '../../session.ts'

/** See PhysicalBackups.onOtherServers. Both servers name the engine of a table also where it is turned off. */
export async function onOtherServers(session: Session): Promise<TableName[]> {
  const rows = await session.rows<Record<'db' | 'name', string>>(
    `SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name FROM information_schema.TABLES
      WHERE LOWER(ENGINE) IN (${OTHER_SERVERS.map(quoteString).join(', ')}) AND TABLE_TYPE = 'BASE TABLE'
      ORDER BY 1, 2`,
  )
  return rows.map(({ db, name }) => ({ database: db, table: name }))
}
