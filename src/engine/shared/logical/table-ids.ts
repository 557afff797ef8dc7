import type { ReadableTable } from '../../logical-reader.ts'
import type { Session, SqlRow } from '../../session.ts'
import type { LogicalDialect } from './dialect.ts'
import { unlessRefused } from './unless-refused.ts'

/**
 * InnoDB's own number of what a name stands for, by InnoDB's own name of the table or partition
 * ("shop/orders", "shop/orders#P#p0"); null where the account may not see them.
 */
export type TableIds = ReadonlyMap<string, string> | null

/**
 * Definition and CREATE_TIME are the same when two tables that are alike change places: RENAME TABLE on
 * MySQL, EXCHANGE PARTITION on both engines; and CREATE_TIME is, on MariaDB, behind IMPORT TABLESPACE.
 * The rows are others then, and a snapshot from before shows them (measured on 9.7 and 10.11): these
 * numbers tell.
 */
export async function readTableIds(
  { systemDatabases }: LogicalDialect,
  session: Session,
  databases: readonly string[] | null,
): Promise<TableIds> {
  const view = session.flavor.family === 'mysql' ? 'INNODB_TABLES' : 'INNODB_SYS_TABLES'
  const rows = await unlessRefused(
    session.rows<SqlRow & { name: string; id: string }>(
      `SELECT NAME AS name, CONCAT(TABLE_ID, ':', SPACE) AS id FROM information_schema.${view}`,
    ),
  )
  if (rows === null) return null
  const wanted = databases?.map(name => name.toLowerCase())
  const isWanted = (name: string): boolean => {
    const [database = '', table = ''] = name.toLowerCase().split('/')
    // What an ALTER has in hand.
    if (table === '' || table.startsWith('#sql') || systemDatabases.includes(database)) return false
    // InnoDB writes other letters with an @, as the file is called: rather one too many.
    return wanted === undefined || wanted.includes(database) || database.includes('@')
  }
  return new Map(rows.filter(({ name }) => isWanted(name)).map(({ name, id }) => [name, id]))
}

/** Names that stand for something else now, as InnoDB writes them; what is new or gone is found by the catalog. */
export function otherNames(before: TableIds, after: TableIds): string[] {
  return [...(before ?? [])]
    .filter(([name, id]) => (after?.get(name) ?? id) !== id)
    .map(([name]) => name)
}

/** Their tables, in words. */
export function othersInWords(names: readonly string[]): string[] {
  const tables = new Set(names.map(name => tableOf(name).replace('/', '.')))
  return [...tables].map(name => `table ${name} is another one, or has another one's rows`)
}

/**
 * Is this InnoDB's name of that table, or of a partition of it? Of a table with other letters in its name than ASCII's, digits
 * and _ it is never known: InnoDB writes them with an @.
 */
export function isNameOf(name: string, { schema, name: table }: ReadableTable): boolean {
  return tableOf(name) === `${schema}/${table}`
}

/** Without the partition. */
export function tableOf(name: string): string {
  return name.replace(/#p#.*$/i, '')
}
