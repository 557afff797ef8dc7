import { EcomdbError } from '#core/errors'
import type { TableName } from '#domain/backup/physical-manifest'
import type { PhysicalSource } from '../physical-backup.ts'
import type { Session } from '../session.ts'
import { lacksInLog } from '../shared/binlog/log-lacks.ts'
import { REPLAYED_SETTINGS } from '../shared/binlog/replay-settings.ts'
import { logFolders } from '../shared/physical/log-folders.ts'
import {
  column,
  forcedRecovery,
  refuseElsewhere,
  refuseEncrypted,
  switchedOn,
  userDatabases,
} from '../shared/physical/observe-source.ts'
import { replicaLacks } from '../shared/replica-lacks.ts'
import { serverPlace } from '../shared/server-place.ts'
import { readSettings } from '../shared/server-settings.ts'
import { mysqlLogicalDialect } from './logical-dialect.ts'

/** Without the source's values for these a server does not start on its files. */
export const START_SETTINGS = {
  innodb_page_size: '--innodb-page-size',
  innodb_data_file_path: '--innodb-data-file-path',
  lower_case_table_names: '--lower-case-table-names',
} as const

export async function observeSource(session: Session): Promise<PhysicalSource> {
  await requirePlugin(session)
  await refuseEmptied(session)
  const paths = await column(
    session,
    "SELECT PATH FROM information_schema.INNODB_DATAFILES WHERE PATH LIKE '/%' OR CONCAT('/', PATH) LIKE '%/../%'",
  )
  refuseElsewhere(paths ?? [])
  refuseEncrypted(await encryptedNow(session))
  const [bytes] =
    (await column(session, 'SELECT SUM(FILE_SIZE) FROM information_schema.INNODB_TABLESPACES')) ??
    []
  return {
    serverVersion: session.flavor.text,
    sourceId: await mysqlLogicalDialect.sourceId(session),
    place: await serverPlace(session),
    settings: {
      ...(await readSettings(session, [
        ...Object.keys(START_SETTINGS),
        ...REPLAYED_SETTINGS,
        'system_time_zone',
      ])),
      ...(await logFolders(session, 'mysql')),
    },
    databases: await userDatabases(session, mysqlLogicalDialect.systemDatabases),
    estimateBytes: Number(bytes ?? 0),
    lineage: null,
    unlogged: await lacksInLog(session),
    findings: [...(await replicaLacks(session)), ...(await forcedRecovery(session))],
  }
}

/** Tablespaces and settings with which the server encrypts its own files; see encryptedFiles for the rest. */
export async function encryptedNow(session: Session): Promise<string[]> {
  const tablespaces = await column(
    session,
    "SELECT NAME FROM information_schema.INNODB_TABLESPACES WHERE ENCRYPTION = 'Y' ORDER BY NAME",
  )
  const settings = await switchedOn(session, ['innodb_redo_log_encrypt', 'innodb_undo_log_encrypt'])
  return [...(tablespaces ?? []), ...settings]
}

/**
 * CLONE copies InnoDB only, and leaves other tables empty without a word (measured on 9.7: two
 * rows of MyISAM became none).
 *
 * @throws EcomdbError UNSUPPORTED with the tables by name
 */
export async function refuseEmptied(session: Session): Promise<void> {
  const tables = await session.rows(
    `SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME, ' (', ENGINE, ')') AS name
       FROM information_schema.TABLES
      WHERE TABLE_TYPE = 'BASE TABLE' AND ENGINE <> 'InnoDB'
        AND TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema')
        AND NOT (TABLE_SCHEMA = 'mysql' AND TABLE_NAME IN ('general_log', 'slow_log'))
      ORDER BY 1`,
  )
  if (tables.length === 0) return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'CLONE would leave the rows of these tables out',
    why: tables.map(({ name }) => String(name)).join(', '),
    hints: [
      'run `ecomdb backup logical`, which keeps them, but for tables whose rows lie on another server (FEDERATED)',
      'or make them InnoDB: ALTER TABLE … ENGINE = InnoDB',
    ],
  })
}

/** Tables whose tablespace was discarded, whole or of a part of one (`bank/t#p#p0`). */
export async function tablesWithoutFile(session: Session): Promise<TableName[]> {
  const discarded = await column(
    session,
    "SELECT NAME FROM information_schema.INNODB_TABLESPACES WHERE STATE = 'discarded'",
  )
  if (!discarded?.length) return []
  const names = new Set(discarded.map(name => name.replace(/#p#.*$/i, '')))
  const tables = await session.rows(
    "SELECT TABLE_SCHEMA AS `database`, TABLE_NAME AS `table` FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' ORDER BY 1, 2",
  )
  return tables
    .map(row => ({ database: String(row['database']), table: String(row['table']) }))
    .filter(({ database, table }) => names.has(`${database}/${table}`))
}

/** @throws EcomdbError UNSUPPORTED */
async function requirePlugin(session: Session): Promise<void> {
  const status = await session.value(
    "SELECT PLUGIN_STATUS FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'clone'",
  )
  if (status === 'ACTIVE') return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'the server cannot clone itself',
    why: status === null ? 'it has not loaded the CLONE plugin' : `the CLONE plugin is ${status}`,
    hints: [
      "as an administrator: INSTALL PLUGIN clone SONAME 'mysql_clone.so' (MySQL 8.0.17 or newer)",
      'or run `ecomdb backup logical`, which needs no plugin',
    ],
  })
}
