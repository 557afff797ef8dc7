import type { BatchCounts, FileProgress, JournalEntry, OnConflict } from '../../loader.ts'
import { quoteString } from '../../quote.ts'
import type { LoadConnection } from './load-connection.ts'

const TABLE = 'ecomdb_load'

/** The journal is in the database, so that a batch and its place in it are one transaction. */
const CREATE = `
  CREATE TABLE IF NOT EXISTS ${TABLE} (
    load_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
    table_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    file_name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    on_conflict VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    loaded_by VARCHAR(300) NOT NULL COMMENT 'the account, as USER() says',
    started_at DATETIME(6) NOT NULL COMMENT 'UTC',
    finished_at DATETIME(6) NULL COMMENT 'UTC; NULL while it goes on, or when it was cut short',
    position_bytes BIGINT UNSIGNED NOT NULL COMMENT 'records before this byte of the file are done',
    position_line BIGINT UNSIGNED NOT NULL,
    hashed_bytes BIGINT UNSIGNED NOT NULL,
    prefix_sha256 CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
      COMMENT 'of the first hashed_bytes of the file, hexadecimal; of all of it when finished',
    loaded BIGINT UNSIGNED NOT NULL DEFAULT 0,
    present BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'were there already',
    kept BIGINT UNSIGNED NOT NULL DEFAULT 0,
    replaced BIGINT UNSIGNED NOT NULL DEFAULT 0,
    rejected BIGINT UNSIGNED NOT NULL DEFAULT 0,
    PRIMARY KEY (load_id),
    KEY ecomdb_load_unfinished (table_name, file_name, finished_at)
  ) ENGINE = InnoDB DEFAULT CHARACTER SET = utf8mb4 COLLATE = utf8mb4_unicode_ci
    COMMENT = 'ecomdb: files that were loaded, and how far'`

/** SHA-256 of no bytes. */
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

export async function ensureJournal(connection: LoadConnection): Promise<void> {
  const there = await connection.rows(
    `SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${TABLE}'`,
  )
  if (there.length === 0) await connection.run(CREATE)
}

export async function unfinishedLoads(
  connection: LoadConnection,
  table: string,
  fileName: string,
  onConflict: OnConflict,
): Promise<JournalEntry[]> {
  const rows = await connection.rows(
    `SELECT load_id, position_bytes, position_line, hashed_bytes, prefix_sha256,
       loaded, present, kept, replaced, rejected
     FROM ${TABLE} WHERE finished_at IS NULL AND position_bytes > 0
       AND table_name = ${quoteString(table)} AND file_name = ${quoteString(fileName)}
       AND on_conflict = ${quoteString(onConflict)}
     ORDER BY load_id DESC`,
  )
  return rows.map(row => {
    const [id, position, line, hashedBytes] = row.slice(0, 4).map(Number)
    const [loaded, present, kept, replaced, rejected] = row.slice(5).map(Number)
    return {
      id: id ?? 0,
      position: position ?? 0,
      line: line ?? 1,
      hashedBytes: hashedBytes ?? 0,
      prefixSha256: row[4] ?? '',
      counts: {
        loaded: loaded ?? 0,
        present: present ?? 0,
        kept: kept ?? 0,
        replaced: replaced ?? 0,
        rejected: rejected ?? 0,
      },
    }
  })
}

export async function beginLoad(
  connection: LoadConnection,
  table: string,
  fileName: string,
  onConflict: OnConflict,
): Promise<number> {
  await connection.run(
    `INSERT INTO ${TABLE} (table_name, file_name, on_conflict, loaded_by, started_at,
       position_bytes, position_line, hashed_bytes, prefix_sha256)
     VALUES (${[table, fileName, onConflict].map(quoteString).join(', ')},
       USER(), UTC_TIMESTAMP(6), 0, 1, 0, '${EMPTY_SHA256}')`,
  )
  const [row] = await connection.rows('SELECT LAST_INSERT_ID()')
  return Number(row?.[0])
}

/** Part of the batch's transaction. */
export async function recordProgress(
  connection: LoadConnection,
  id: number,
  progress: FileProgress,
  counts: BatchCounts,
  finished = false,
): Promise<void> {
  await connection.run(
    `UPDATE ${TABLE} SET position_bytes = ${progress.position}, position_line = ${progress.line},
       hashed_bytes = ${progress.hashedBytes}, prefix_sha256 = ${quoteString(progress.prefixSha256)},
       loaded = loaded + ${counts.loaded}, present = present + ${counts.present},
       kept = kept + ${counts.kept}, replaced = replaced + ${counts.replaced},
       rejected = rejected + ${counts.rejected}
       ${finished ? ', finished_at = UTC_TIMESTAMP(6)' : ''}
     WHERE load_id = ${id}`,
  )
}
