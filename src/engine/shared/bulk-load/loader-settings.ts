import type { WriterOptions } from '../../logical-writer.ts'
import { quoteString } from '../../quote.ts'
import { computingStatements } from '../computing-settings.ts'
import { WITHOUT_LIMITS } from '../without-limits.ts'
import type { WireConnection } from './wire-connection.ts'

/** A source that waits for a slow repository must not lose its connection, in seconds. */
const PATIENCE_SECONDS = 3600

/**
 * How a loading connection differs from a common one. Not strict: the rows were accepted
 * once, under the modes of their time (zero dates, invalid enum members), and come back as
 * they are; reading them back shows whether they did. The 31st of February is one of them, and a default, too.
 */
const SETTINGS = [
  "sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'",
  'foreign_key_checks = 0',
  // MySQL keeps a CHECK as it would be printed.
  'sql_quote_show_create = 1',
  // With both checks off MariaDB takes its bulk insert into an empty table, which costs twice
  // the processor time for rows in key order: 3.9 s for a million sessions, and 1.9 s so.
  'unique_checks = 1',
  `net_read_timeout = ${PATIENCE_SECONDS}`,
  `net_write_timeout = ${PATIENCE_SECONDS}`,
  `innodb_lock_wait_timeout = ${PATIENCE_SECONDS}`,
]

/**
 * What only some servers have, or let only some accounts set; each is tried, and one that
 * is refused is left: what it would have hindered then fails by its own name.
 */
const OPTIONAL_SETTINGS: Readonly<Record<string, string>> = {
  // Definitions are the source's own; nothing is to be added to them or refused.
  sql_generate_invisible_primary_key: 'OFF',
  sql_require_primary_key: 'OFF',
  restrict_fk_on_non_standard_key: 'OFF',
  innodb_strict_mode: 'OFF',
  explicit_defaults_for_timestamp: 'ON',
  check_constraint_checks: 'OFF',
  // MariaDB: indexes are added as can be, in the tables' own engines.
  alter_algorithm: "'DEFAULT'",
  enforce_storage_engine: 'NULL',
  // MariaDB: what else a table takes that does not say so, and prints then.
  innodb_compression_default: 'OFF',
  innodb_default_encryption_key_id: '1',
  // MariaDB's row history comes as rows, with its own times.
  system_versioning_insert_history: 'ON',
  system_versioning_alter_history: "'KEEP'",
  // A MEMORY table keeps the limit of the session that made it, in bytes.
  max_heap_table_size: '17179869184',
  // MySQL sorts an index in a buffer of this size, in bytes, for all its threads together.
  innodb_ddl_buffer_size: '67108864',
  // MariaDB brings no sequence to its value where it logs statements only.
  binlog_format: "IF(@@binlog_format = 'STATEMENT', 'MIXED', @@binlog_format)",
}

/**
 * What is computed of a text that is no date was NULL without ALLOW_INVALID_DATES, which few sessions have:
 * tables that compute go without it, and cannot have such dates themselves.
 *
 * @param computes does the server compute values of dates for the statement? see computesOfDates
 */
export async function withDates<Result>(
  loader: WireConnection,
  computes: boolean,
  work: () => Promise<Result>,
): Promise<Result> {
  if (!computes) return await work()
  await loader.run("SET SESSION sql_mode = REPLACE(@@sql_mode, 'ALLOW_INVALID_DATES,', '')")
  try {
    return await work()
  } finally {
    // A lost connection says so by itself.
    await loader
      .run("SET SESSION sql_mode = CONCAT('ALLOW_INVALID_DATES,', @@sql_mode)")
      .catch(() => {})
  }
}

/**
 * @param source settings of the server that the rows are of, as far as they are known
 * @throws EcomdbError PRIVILEGE_MISSING when the account may not leave the binary log out
 */
export async function prepareLoader(
  connection: WireConnection,
  { binlog, source }: Pick<WriterOptions, 'binlog' | 'source'>,
): Promise<void> {
  await connection.run(`SET SESSION ${WITHOUT_LIMITS}`)
  // Where it mattered, and was refused, the columns' values are compared behind the load.
  for (const sql of computingStatements(source)) await connection.run(sql).catch(() => {})
  await connection.run(`SET SESSION ${SETTINGS.join(', ')}`)
  // With binlog_format = STATEMENT the servers take no row under READ COMMITTED.
  await connection.run('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ')
  // Options that no engine knows any more, which showCreateTable reads; and no GRANT makes an account, without a
  // password. Only MariaDB has these modes.
  await connection
    .run(
      "SET SESSION sql_mode = CONCAT(@@sql_mode, ',IGNORE_BAD_TABLE_OPTIONS,NO_AUTO_CREATE_USER')",
    )
    .catch(() => {})
  const [logs] = await connection.rows('SELECT @@sql_log_bin')
  // What init_connect has turned off is missing on every replica.
  if (binlog && logs?.[0] === '0') {
    await connection.run(
      'SET SESSION sql_log_bin = 1',
      'cannot write the restore to the binary log',
    )
  }
  if (!binlog) {
    await connection.run(
      'SET SESSION sql_log_bin = 0',
      'cannot leave the binary log out of the restore',
    )
  }
  const names = Object.keys(OPTIONAL_SETTINGS)
  const known = await connection.rows(
    `SHOW SESSION VARIABLES WHERE Variable_name IN (${names.map(quoteString).join(', ')})`,
  )
  for (const [name] of known) {
    const value = OPTIONAL_SETTINGS[name ?? '']
    await connection.run(`SET SESSION ${name} = ${value}`).catch(() => {})
  }
}
