import { createHash } from 'node:crypto'
import { EcomdbError, messageOf } from '#core/errors'
import type { Manifest } from '#domain/backup/manifest'
import { zonesToAsk } from '#domain/backup/time-zones'
import type { ObjectThere, RestoreTarget, SilentView } from '../../logical-writer.ts'
import { quoteIdentifier, quoteQualified } from '../../quote.ts'
import { comesOfRows, isKeptFromFiles, wouldWrite } from '../../server-error.ts'
import type { Session } from '../../session.ts'
import { knownZones } from '../known-zones.ts'
import { replicaSources } from '../replica-sources.ts'
import { readSettings } from '../server-settings.ts'
import { DEFAULT_COLLATION } from './source-settings.ts'

/** See LogicalWriter.observe. */
export async function observeTarget(session: Session, manifest: Manifest): Promise<RestoreTarget> {
  return {
    serverId: createHash('sha256')
      .update(
        (await session.value('SELECT CONCAT_WS(CHAR(0), @@hostname, @@port, @@datadir)')) ?? '',
      )
      .digest('hex'),
    serverVersion: session.flavor.text,
    databases: await databasesThere(
      session,
      manifest.databases.map(database => database.name),
    ),
    allDatabases: await allDatabases(session),
    accounts: await accountsThere(session, manifest),
    administrator: await administrator(session),
    settings: await readSettings(session, [
      ...Object.keys(manifest.settings),
      DEFAULT_COLLATION[manifest.engine].name,
      ...REFUSING,
      ...ZONES,
    ]),
    localInfile: (await session.value('SELECT @@GLOBAL.local_infile')) === '1',
    writableBy: await writableBy(session),
    replicaOf: await replicaOf(session),
    maxPacket: Number(await session.value('SELECT @@GLOBAL.max_allowed_packet')),
    binlogCache: await binlogCache(session),
    refusesHashes: await refusesHashes(session),
    distrustsFunctions: await distrustsFunctions(session),
    sharesTablespace: await sharesTablespace(session),
    hasTableKey: await hasTableKey(session),
    collations: await collationsThere(session),
    hasLibraries: await hasLibraries(session),
    privileges: await privilegesThere(session),
    plugins: await pluginsThere(session),
    timeZones: await knownZones(session, manifest.timeZones ?? zonesToAsk(manifest)),
  }
}

const ZONES = ['time_zone', 'system_time_zone']

/** Global variables under which a server refuses tables of another. */
const REFUSING = [
  'disabled_storage_engines',
  'innodb_force_primary_key',
  'mysql56_temporal_format',
  'secure_timestamp',
]

/** MySQL manual, "Keyring Component Installation"; MySQL 8.0 has plugins as well. MariaDB: "Encryption Plugin API". */
async function hasTableKey(session: Session): Promise<boolean | null> {
  const active = (type: string): Promise<string | null> =>
    session.value(
      "SELECT COUNT(*) FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = ? AND PLUGIN_STATUS = 'ACTIVE'",
      [type],
    )
  if (session.flavor.family === 'mariadb') return (await active('ENCRYPTION')) !== '0'
  if ((await active('KEYRING')) !== '0') return true
  // Who may not read it does not see it; and 8.0 has it since 8.0.24.
  const there = await session.value(
    `SELECT COUNT(*) FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = 'performance_schema' AND TABLE_NAME = 'keyring_component_status'`,
  )
  if (there === '0') return null
  const component = await session.value(
    `SELECT COUNT(*) FROM performance_schema.keyring_component_status
      WHERE STATUS_KEY = 'Component_status' AND STATUS_VALUE = 'Active'`,
  )
  return component !== '0'
}

/** Manual, "Password Validation Plugin API": strict_password_validation counts where one is loaded. */
async function refusesHashes(session: Session): Promise<boolean> {
  if (session.flavor.family !== 'mariadb') return false
  const rules = await session.value(
    `SELECT COUNT(*) FROM information_schema.PLUGINS
      WHERE PLUGIN_TYPE = 'PASSWORD VALIDATION' AND PLUGIN_STATUS = 'ACTIVE'
        AND @@GLOBAL.strict_password_validation = 1`,
  )
  return rules !== '0'
}

async function writableBy(session: Session): Promise<RestoreTarget['writableBy']> {
  const {
    read_only = 'OFF',
    super_read_only,
    innodb_read_only,
    innodb_force_recovery = '0',
  } = await globalVariables(session, [
    ...['read_only', 'super_read_only'],
    ...['innodb_read_only', 'innodb_force_recovery'],
  ])
  // Manuals, "InnoDB Recovery Modes": MySQL lets nothing be changed from 1 on, MariaDB from 4 on.
  const forced = session.flavor.family === 'mysql' ? 1 : 4
  if (innodb_read_only === 'ON' || Number(innodb_force_recovery) >= forced) return 'nobody'
  // MariaDB 12.0 has more than ON and OFF.
  if (super_read_only === 'ON' || read_only === 'NO_LOCK_NO_ADMIN') return 'nobody'
  return read_only === 'OFF' ? 'all' : 'administrators'
}

/** Who may not see it is told nothing: the restore itself does not need it. */
async function replicaOf(session: Session): Promise<string[]> {
  try {
    const sources = await replicaSources(session)
    return sources.filter(({ isRunning }) => isRunning).map(({ address }) => address)
  } catch (error) {
    if (error instanceof EcomdbError && error.code !== 'SERVER_LOST') return []
    throw error
  }
}

/** Manual, "Stored Program Binary Logging": also of a session that writes nothing to the log. */
async function distrustsFunctions(session: Session): Promise<boolean> {
  const { log_bin, log_bin_trust_function_creators } = await globalVariables(session, [
    'log_bin',
    'log_bin_trust_function_creators',
  ])
  return log_bin === 'ON' && log_bin_trust_function_creators === 'OFF'
}

async function binlogCache(session: Session): Promise<RestoreTarget['binlogCache']> {
  const found = await globalVariables(session, [
    ...['log_bin', 'max_binlog_cache_size', 'max_binlog_stmt_cache_size'],
  ])
  const most = (name: string): number =>
    found['log_bin'] === 'ON' ? Number(found[name] ?? Infinity) : Infinity
  return {
    transactions: most('max_binlog_cache_size'),
    statements: most('max_binlog_stmt_cache_size'),
  }
}

/** MariaDB does not print where a table's rows lie. */
async function sharesTablespace(session: Session): Promise<boolean> {
  if (session.flavor.family !== 'mysql') return false
  return (await session.value('SELECT @@GLOBAL.innodb_file_per_table')) === '0'
}

/** See LogicalWriter.ignoresPlaces. MySQL's have_symlink is about MyISAM, whose places it does not show. */
export async function ignoresPlaces(session: Session): Promise<boolean> {
  if (session.flavor.family !== 'mariadb') return false
  return (await session.value('SELECT @@have_symlink')) === 'DISABLED'
}

/** Reference manual, "SHOW PRIVILEGES Statement": those that are registered now. */
async function privilegesThere(session: Session): Promise<string[]> {
  const rows = await session.rows('SHOW PRIVILEGES')
  const names = rows.map(row => String(row['Privilege']).toUpperCase())
  // MariaDB 10.6 lists it by another name than that by which it prints it.
  return names.map(name => (name === 'DELETE VERSIONING ROWS' ? 'DELETE HISTORY' : name))
}

/** Of the collations of several sets MariaDB has the whole name in a column that older servers lack. */
async function collationsThere(session: Session): Promise<string[]> {
  const rows = await session.rows(
    'SELECT * FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY',
  )
  const names = rows.flatMap(row => [
    row['CHARACTER_SET_NAME'],
    row['FULL_COLLATION_NAME'] ?? row['COLLATION_NAME'],
  ])
  return [...new Set(names.map(String))]
}

async function hasLibraries(session: Session): Promise<boolean> {
  const found = await session.value(
    `SELECT COUNT(*) FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = 'information_schema' AND TABLE_NAME = 'LIBRARIES'`,
  )
  return found !== '0'
}

async function pluginsThere(session: Session): Promise<string[]> {
  const rows = await session.rows<{ name: string }>(
    "SELECT LOWER(PLUGIN_NAME) AS name FROM information_schema.PLUGINS WHERE PLUGIN_STATUS = 'ACTIVE'",
  )
  return rows.map(({ name }) => name)
}

async function administrator(session: Session): Promise<RestoreTarget['administrator']> {
  const account = (await session.value('SELECT CURRENT_USER()')) ?? ''
  const at = account.lastIndexOf('@')
  return { user: account.slice(0, at), host: account.slice(at + 1) }
}

export async function databasesThere(
  session: Session,
  names: readonly string[],
): Promise<RestoreTarget['databases']> {
  if (names.length === 0) return []
  const libraries = (await hasLibraries(session))
    ? '(SELECT COUNT(*) FROM information_schema.LIBRARIES l WHERE l.LIBRARY_SCHEMA = s.SCHEMA_NAME)'
    : '0'
  const rows = await session.rows<{ name: string; objects: string | number }>(
    `SELECT s.SCHEMA_NAME AS name,
       (SELECT COUNT(*) FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA = s.SCHEMA_NAME) +
       (SELECT COUNT(*) FROM information_schema.ROUTINES r WHERE r.ROUTINE_SCHEMA = s.SCHEMA_NAME) +
       (SELECT COUNT(*) FROM information_schema.EVENTS e WHERE e.EVENT_SCHEMA = s.SCHEMA_NAME) +
       ${libraries} AS objects
     FROM information_schema.SCHEMATA s WHERE s.SCHEMA_NAME IN (${names.map(() => '?').join(', ')})`,
    names,
  )
  return rows.map(row => ({ name: row.name, objects: Number(row.objects) }))
}

/** See LogicalWriter.objectsThere. */
export async function objectsThere(
  session: Session,
  databases: readonly string[],
): Promise<ObjectThere[]> {
  if (databases.length === 0) return []
  const those = databases.map(() => '?').join(', ')
  const rows = await session.rows<{ k: ObjectThere['kind']; s: string; n: string }>(
    `SELECT 'table' AS k, TABLE_SCHEMA AS s, TABLE_NAME AS n FROM information_schema.TABLES
      WHERE TABLE_SCHEMA IN (${those})
     UNION ALL SELECT 'function', ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES
      WHERE ROUTINE_TYPE = 'FUNCTION' AND ROUTINE_SCHEMA IN (${those})`,
    [...databases, ...databases],
  )
  const columns = await session.rows<{ s: string; t: string; c: string }>(
    `SELECT TABLE_SCHEMA AS s, TABLE_NAME AS t, COLUMN_NAME AS c FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA IN (${those})`,
    databases,
  )
  const byTable = Map.groupBy(columns, ({ s, t }) => JSON.stringify([s, t]))
  return rows.map(({ k, s, n }) => ({
    ...{ kind: k, schema: s, name: n },
    columns: k === 'table' ? (byTable.get(JSON.stringify([s, n])) ?? []).map(({ c }) => c) : [],
  }))
}

async function allDatabases(session: Session): Promise<string[]> {
  const rows = await session.rows<{ name: string }>(
    `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA
      WHERE LOWER(SCHEMA_NAME) NOT IN ('information_schema', 'performance_schema', 'sys')
      ORDER BY SCHEMA_NAME`,
  )
  return rows.map(({ name }) => name)
}

async function accountsThere(
  session: Session,
  manifest: Manifest,
): Promise<RestoreTarget['accounts']> {
  if (manifest.accounts.length === 0) return []
  const rows = await session.rows<{ user: string; host: string }>(
    'SELECT User AS user, Host AS host FROM mysql.user',
  )
  const has = new Set(rows.map(row => JSON.stringify([row.user, row.host])))
  return manifest.accounts.filter(account => has.has(JSON.stringify([account.user, account.host])))
}

async function globalVariables(
  session: Session,
  names: readonly string[],
): Promise<Record<string, string>> {
  if (names.length === 0) return {}
  const rows = await session.rows<{ Variable_name: string; Value: string }>(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names.map(() => '?').join(', ')})`,
    names,
  )
  return Object.fromEntries(rows.map(row => [row.Variable_name, row.Value]))
}

/**
 * See LogicalWriter.askViews. MySQL looks for a function in the session's database, and not in the view's, where
 * a view lies over one that it makes a table of (DISTINCT, GROUP BY; all of them with derived_merge=off) and that
 * names the function without its database. So each is asked from its own (measured on 9.7: error 1305).
 */
export async function askViews(
  session: Session,
  views: readonly { schema: string; name: string }[],
): Promise<SilentView[]> {
  const failed: SilentView[] = []
  await session.run('SET SESSION TRANSACTION READ ONLY')
  for (const { schema, name } of views) {
    try {
      await session.run(`USE ${quoteIdentifier(schema)}`)
      await session.rows(`SELECT 1 FROM ${quoteQualified(schema, name)} LIMIT 1`)
    } catch (error) {
      if (error instanceof EcomdbError && error.code === 'SERVER_LOST') throw error
      const opens = comesOfRows(error) || wouldWrite(error) || isKeptFromFiles(error)
      const writes = wouldWrite(error) ? { writes: true as const } : {}
      failed.push({ schema, name, error: messageOf(error), opens, ...writes })
    }
  }
  await session.run('SET SESSION TRANSACTION READ WRITE')
  return failed
}
