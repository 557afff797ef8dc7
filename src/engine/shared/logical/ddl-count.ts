import type { Session, SqlRow } from '../../session.ts'

/** By these a name comes, goes, or stands for another table. */
const DDL_OF_TABLES = [
  ...['alter_table', 'alter_tablespace', 'create_db', 'create_table', 'drop_db', 'drop_table'],
  ...['optimize', 'rename_table', 'repair', 'truncate'],
]

/** By these a name stands for another table, and for the first one again by the same. */
const SWAPS = ['alter_table', 'rename_table']

/** How many of these statements all sessions have begun. */
export async function ddlCount(control: Session): Promise<string> {
  return await countOf(control, DDL_OF_TABLES)
}

/** Only of those that swap tables, or rows of them; temporary tables, which some programs make all the time, are not among them. */
export async function swapCount(control: Session): Promise<string> {
  return await countOf(control, SWAPS)
}

async function countOf(control: Session, statements: readonly string[]): Promise<string> {
  const rows = await control.rows<SqlRow & { Value: string }>(
    `SHOW GLOBAL STATUS WHERE Variable_name IN (${statements.map(one => `'Com_${one}'`).join(', ')})`,
  )
  return rows.map(({ Value }) => Value).join()
}
