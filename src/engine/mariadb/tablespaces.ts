import { EcomdbError } from '#core/errors'
import type { HighestIds } from '#domain/backup/envelope'
import type { Session } from '../session.ts'
import { unlessRefused } from '../shared/logical/unless-refused.ts'

/** A file of InnoDB that holds a table, or a part of one. */
export interface Tablespace {
  /** Stays the same when the table's file is exchanged (DISCARD, IMPORT TABLESPACE). */
  space: number
  /** The number of its table, which each DISCARD makes anew (10.11, measured). */
  table: number
  /** `bank/t`, as InnoDB calls it. */
  name: string
  /** `./bank/t.ibd`, or an absolute path. */
  file: string
}

/** Of all tables with files of their own; null where the account may not ask. */
export async function tablespacesOf(session: Session): Promise<Tablespace[] | null> {
  // Joined here: the server would compare each row of the one with each of the other.
  const spaces = await unlessRefused(
    session.rows(
      "SELECT SPACE AS space, NAME AS name, FILENAME AS file FROM information_schema.INNODB_SYS_TABLESPACES WHERE SPACE <> 0 AND NAME LIKE '%/%'",
    ),
  )
  const tables = await unlessRefused(
    session.rows(
      'SELECT SPACE AS space, TABLE_ID AS id FROM information_schema.INNODB_SYS_TABLES WHERE SPACE <> 0',
    ),
  )
  if (!spaces || !tables) return null
  const ids = new Map(tables.map(({ space, id }) => [Number(space), Number(id)]))
  return spaces.map(({ space, name, file }) => ({
    ...{ space: Number(space), name: String(name), file: String(file) },
    table: ids.get(Number(space)) ?? 0,
  }))
}

/** What a later increment has to know; null where it is not known. */
export function highestIds(spaces: readonly Tablespace[] | null): HighestIds | null {
  if (spaces === null) return null
  return spaces.reduce(
    (highest, { table, space }) => ({
      table: Math.max(highest.table, table),
      space: Math.max(highest.space, space),
    }),
    { table: 0, space: 0 },
  )
}

/**
 * Tables whose files were exchanged since (IMPORT TABLESPACE): their pages have the log sequence number 0
 * (10.11, measured), so an increment has none of them, and a restore what was there before. The number of the
 * tablespace is an old one, and that of the table is new.
 */
export function importedSince(spaces: readonly Tablespace[], highest: HighestIds): string[] {
  return spaces
    .filter(({ space, table }) => space <= highest.space && table > highest.table)
    .map(({ name }) => name)
    .sort()
}

/**
 * mariadb-backup takes a table for dropped whose file was discarded after the server's last checkpoint, also
 * where another was imported since, and leaves it out with a warning and status 0 (10.11, measured).
 *
 * @param before the tablespaces before the copy began
 * @param after those after it
 * @param paths of the copy
 * @throws EcomdbError NOT_CONSISTENT with the tables that were there all the time, and are not in the copy
 */
export function requireComplete(
  before: readonly Tablespace[],
  after: readonly Tablespace[],
  paths: ReadonlySet<string>,
): void {
  const left = new Map(after.map(one => [one.space, one]))
  const missing = before
    .filter(({ space, file, table }) => {
      const now = left.get(space)
      return now?.file === file && now.table === table
    })
    .filter(
      ({ name }) => !OF_AN_ALTER.test(name) && !COPIED_AS.some(end => paths.has(`${name}${end}`)),
    )
    .map(({ name }) => name)
  if (missing.length === 0) return
  throw new EcomdbError('NOT_CONSISTENT', {
    what: 'mariadb-backup has left out tables that are there',
    why: `${missing.slice(0, 10).join(', ')}${missing.length > 10 ? ` and ${missing.length - 10} more` : ''}: it takes a table for dropped whose tablespace was discarded after the server's last checkpoint, also when another was imported since`,
    hints: [
      'make a checkpoint, and run it again: SET GLOBAL innodb_log_checkpoint_now = ON',
      'or run `ecomdb backup logical`, which reads them from the server',
      'where nothing was imported, see whether the data directory that is here is the one of this server',
    ],
  })
}

/** Not a table's own name, in which # is `@0023`: mariadb-backup leaves out what an ALTER has not finished. */
const OF_AN_ALTER = /\/#sql/

/** A whole file; one that was made meanwhile, under the name that it keeps until it is prepared; the same of an increment. */
const COPIED_AS = ['.ibd', '.new', '.ibd.delta', '.new.delta']
