import { toolVersion } from '#core/version'
import type { Migration } from '#domain/schema/migration'
import { quoteQualified } from '../../quote.ts'
import { orNone } from '../../server-error.ts'
import type { Session } from '../../session.ts'

/** A file of a store's migrations that was begun here. */
export interface StoreEntry {
  version: number
  checksum: string
  done: boolean
  /** The statement that runs, or ran last; from 1. */
  statementIndex: number
}

const JOURNAL = 'ecomdb_migration'

export async function makeStoreJournal(session: Session, database: string): Promise<void> {
  await session.run(
    `CREATE TABLE IF NOT EXISTS ${quoteQualified(database, JOURNAL)} (
       version INT NOT NULL PRIMARY KEY,
       name VARCHAR(64) NOT NULL,
       checksum CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
       statement_index INT NOT NULL,
       started_at DATETIME(6) NOT NULL,
       finished_at DATETIME(6) NULL,
       applied_by VARCHAR(300) NOT NULL,
       tool_version VARCHAR(32) NOT NULL
     ) ENGINE = InnoDB COMMENT = 'ecomdb: migrations that ran here'`,
  )
}

/** Empty when there is no such database or table. */
export async function readStoreJournal(session: Session, database: string): Promise<StoreEntry[]> {
  const rows = await orNone(
    session.rows<Record<string, string | number>>(
      `SELECT version, checksum, finished_at IS NOT NULL AS done, statement_index
       FROM ${quoteQualified(database, JOURNAL)}`,
    ),
  )
  return rows.map(row => ({
    version: Number(row['version']),
    checksum: String(row['checksum']),
    done: Number(row['done']) === 1,
    statementIndex: Number(row['statement_index']),
  }))
}

/** Says that a statement begins, or, with null, that the file is done. */
export async function writeStoreJournal(
  session: Session,
  database: string,
  { version, name, checksum, statements }: Migration,
  index: number | null,
): Promise<void> {
  const finished = index === null ? 'UTC_TIMESTAMP(6)' : 'NULL'
  const at = index ?? statements.length
  await session.run(
    `INSERT INTO ${quoteQualified(database, JOURNAL)}
       (version, name, checksum, statement_index, started_at, finished_at, applied_by, tool_version)
     VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6), ${finished}, USER(), ?)
     ON DUPLICATE KEY UPDATE checksum = ?, statement_index = ?, finished_at = ${finished}`,
    [version, name, checksum, at, toolVersion(), checksum, at],
  )
}
