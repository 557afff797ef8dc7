import { resolve } from 'node:path'
import { EcomdbError } from '#core/errors'
import type { HighestIds } from '#domain/backup/envelope'
import type { TableName } from '#domain/backup/physical-manifest'
import { quoteString } from '../quote.ts'
import type { Session } from '../session.ts'
import { unlessRefused } from '../shared/logical/unless-refused.ts'
import { hasImportedPages } from './imported-pages.ts'

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
  pageBytes: number
}

/** A table, or a part of one, that has no file: DISCARD TABLESPACE took it, or it is lost. */
export interface WithoutFile {
  space: number
  /** `bank/t`, as InnoDB calls it. */
  name: string
}

export interface TableFiles {
  spaces: readonly Tablespace[]
  without: readonly WithoutFile[]
}

/** Of all tables with files of their own; null where the account may not ask. */
export async function tableFilesOf(session: Session): Promise<TableFiles | null> {
  const first = await lookAtFiles(session)
  if (!first || first.without.length === 0) return first
  // What comes or goes between the two questions of one look is not so in the next.
  const second = await lookAtFiles(session)
  const twice = new Set(second?.without.map(({ space }) => space))
  return { ...first, without: first.without.filter(({ space }) => twice.has(space)) }
}

/** As SQL names them; a table whose parts have no file is one. */
export async function namesOf(
  session: Session,
  without: readonly WithoutFile[],
): Promise<TableName[]> {
  const tables = without.map(({ name }) => name.replace(/#P#.*$/i, '')).filter(isNoIndex)
  const names: TableName[] = []
  for (const path of [...new Set(tables)].sort()) {
    const [database = '', table = ''] = await Promise.all(
      path
        .split('/')
        .map(name => session.value(`SELECT CONVERT(_filename ${quoteString(name)} USING utf8mb4)`)),
    )
    names.push({ database: database ?? '', table: table ?? '' })
  }
  return names
}

/** Tables of a full-text index are no table's own. */
const isNoIndex = (name: string): boolean => !/\/FTS_[0-9a-f]{16}_/.test(name)

async function lookAtFiles(session: Session): Promise<TableFiles | null> {
  // Joined here: the server would compare each row of the one with each of the other.
  const spaces = await unlessRefused(
    session.rows(
      "SELECT SPACE AS space, NAME AS name, FILENAME AS file, PAGE_SIZE AS pageBytes FROM information_schema.INNODB_SYS_TABLESPACES WHERE SPACE <> 0 AND NAME LIKE '%/%'",
    ),
  )
  const tables = await unlessRefused(
    session.rows(
      "SELECT SPACE AS space, TABLE_ID AS id, NAME AS name FROM information_schema.INNODB_SYS_TABLES WHERE SPACE <> 0 AND NAME LIKE '%/%'",
    ),
  )
  if (!spaces || !tables) return null
  const ids = new Map(tables.map(({ space, id }) => [Number(space), Number(id)]))
  const files = new Set(spaces.map(({ space }) => Number(space)))
  return {
    spaces: spaces.map(({ space, name, file, pageBytes }) => ({
      ...{ space: Number(space), name: String(name), file: String(file) },
      ...{ table: ids.get(Number(space)) ?? 0, pageBytes: Number(pageBytes) },
    })),
    without: tables
      .map(({ space, name }) => ({ space: Number(space), name: String(name) }))
      .filter(({ space, name }) => !files.has(space) && !OF_AN_ALTER.test(name)),
  }
}

/** What a later increment has to know; null where it is not known. */
export function highestIds(files: TableFiles | null): HighestIds | null {
  if (files === null) return null
  const without = files.without.map(({ space }) => space)
  return {
    table: files.spaces.reduce((highest, { table }) => Math.max(highest, table), 0),
    space: files.spaces.reduce((highest, { space }) => Math.max(highest, space), 0),
    ...(without.length > 0 ? { without } : {}),
  }
}

/**
 * Tables whose files were exchanged since (IMPORT TABLESPACE): their pages have the log sequence number 0
 * (10.11, measured), so an increment has none of them, and a restore what was there before, or no file. The number of
 * the tablespace is an old one, and that of the table is new; or it had no file; or the table is new, and so are its
 * pages but for those.
 *
 * @param folder the data directory
 */
export async function importedSince(
  spaces: readonly Tablespace[],
  { table: highestTable, space: highestSpace, without = [] }: HighestIds,
  folder: string,
): Promise<string[]> {
  const names: string[] = []
  for (const { space, table, name, file, pageBytes } of spaces) {
    if (OF_AN_ALTER.test(name)) continue
    const imported =
      space > highestSpace
        ? await hasImportedPages(resolve(folder, file), pageBytes)
        : table > highestTable || without.includes(space)
    if (imported) names.push(name)
  }
  return names.sort()
}

/**
 * The same while a copy was made: of such a table it has the definition, and no file or what was there before.
 *
 * @throws EcomdbError NOT_CONSISTENT with the tables
 */
export function refuseImported(names: readonly string[]): void {
  if (names.length === 0) return
  throw new EcomdbError('NOT_CONSISTENT', {
    what: 'tablespaces were imported while mariadb-backup copied the files',
    why: `${names.slice(0, 10).join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}: their pages are in no log, so the copy lacks them`,
    hints: ['run it again when the import has ended; nothing was published'],
  })
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
