import type { Session, SqlRow } from '../../session.ts'

/** By these a name stands for another table, and for the first one again by the same. */
const SWAPS = ['alter_table', 'rename_table']

/** By these the rows of a name are others, while it is as old as before; CREATE and DROP show in CREATE_TIME. */
const OTHER_ROWS = [...SWAPS, 'alter_tablespace', 'optimize', 'repair', 'truncate']

/** How many of these statements all sessions have begun; temporary tables, which some programs make all the time, are not among them. */
export async function otherRowsCount(control: Session): Promise<string> {
  return await countOf(control, OTHER_ROWS)
}

/** Only of those that swap tables. */
export async function swapCount(control: Session): Promise<string> {
  return await countOf(control, SWAPS)
}

async function countOf(control: Session, statements: readonly string[]): Promise<string> {
  const rows = await control.rows<SqlRow & { Value: string }>(
    `SHOW GLOBAL STATUS WHERE Variable_name IN (${statements.map(one => `'Com_${one}'`).join(', ')})`,
  )
  return rows.map(({ Value }) => Value).join()
}
