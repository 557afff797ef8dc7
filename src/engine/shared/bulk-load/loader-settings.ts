import { ROWS_ZONE } from '#domain/backup/zone-of-source'
import type { WriterOptions } from '../../logical-writer.ts'
import { quoteString } from '../../quote.ts'
import { computingStatements } from '../computing-settings.ts'
import { WITHOUT_LIMITS } from '../without-limits.ts'
import { DEFINITION_SETTINGS } from './definition-settings.ts'
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

/** What the server computes of rows that are there, in the zone of the sessions that wrote them. */
export async function inZone<Result>(
  loader: WireConnection,
  zone: string | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  if (zone === undefined) return await work()
  await loader.run(`SET SESSION time_zone = ${quoteString(zone)}`)
  try {
    return await work()
  } finally {
    // Rows of the next table are in UTC; a lost connection says so by itself.
    await loader.run(`SET SESSION time_zone = ${quoteString(ROWS_ZONE)}`).catch(() => {})
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
  const names = Object.keys(DEFINITION_SETTINGS)
  const known = await connection.rows(
    `SHOW SESSION VARIABLES WHERE Variable_name IN (${names.map(quoteString).join(', ')})`,
  )
  for (const [name] of known) {
    const value = DEFINITION_SETTINGS[name ?? '']?.value
    await connection.run(`SET SESSION ${name} = ${value}`).catch(() => {})
  }
}
