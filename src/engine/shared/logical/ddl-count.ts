import type { Session, SqlRow } from '../../session.ts'

/** By these a name comes, goes, or stands for another table. */
const DDL_OF_TABLES = [
  ...['alter_table', 'alter_tablespace', 'create_db', 'create_table', 'drop_db', 'drop_table'],
  ...['optimize', 'rename_table', 'repair', 'truncate'],
]

/** How many of these statements all sessions have begun. */
export async function ddlCount(control: Session): Promise<string> {
  const rows = await control.rows<SqlRow & { Value: string }>(
    `SHOW GLOBAL STATUS WHERE Variable_name IN (${DDL_OF_TABLES.map(one => `'Com_${one}'`).join(', ')})`,
  )
  return rows.map(({ Value }) => Value).join()
}
