import { countOf } from '#core/units'
import type { TableName } from '#domain/backup/physical-manifest'
import type { Session } from '../../session.ts'

/** The XA transactions that are prepared, each as a text of its own; none where the account may not see them. */
export async function preparedNow(session: Session): Promise<ReadonlySet<string>> {
  const rows = await session.rows('XA RECOVER').catch(() => [])
  return new Set(rows.map(row => JSON.stringify(Object.values(row))))
}

/**
 * Data files have prepared XA transactions, with their locks. Programs that work with them have one now and then;
 * one that was there before the copy and at its end is one that nobody decides on.
 */
export function preparedFindings(
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): string[] {
  const count = [...before].filter(one => after.has(one)).length
  if (count === 0) return []
  return [
    `${countOf(count, 'XA transaction')} prepared, and neither committed nor rolled back: a server that is started on the files has ${count === 1 ? 'it' : 'them'} again, with the locks; \`XA RECOVER\` has the names for XA COMMIT or XA ROLLBACK`,
  ]
}

export function withoutFileFindings(tables: readonly TableName[]): string[] {
  return tables.map(
    ({ database, table }) =>
      `table ${database}.${table} has no data file on the server (DISCARD TABLESPACE, or its file is lost), and so in the copy: none of its rows can be read, here or there; a drill leaves it out`,
  )
}
