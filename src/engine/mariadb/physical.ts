import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readDataFolder } from '#core/data-files'
import { EcomdbError, systemCode } from '#core/errors'
import { isOlder } from '#domain/backup/other-version'
import type { ProgramCommand } from '#process/program'
import { runProgram } from '#process/run-program'
import { findInstallation } from '../installation.ts'
import type { PhysicalBackups, PhysicalSource } from '../physical-backup.ts'
import { quoteString } from '../quote.ts'
import type { Session } from '../session.ts'
import { lacksInLog } from '../shared/binlog/log-lacks.ts'
import { REPLAYED_SETTINGS } from '../shared/binlog/replay-settings.ts'
import { unlessRefused } from '../shared/logical/unless-refused.ts'
import { openSession } from '../shared/mysql2-session.ts'
import { ownAdministrator } from '../shared/physical/administrator.ts'
import { checkPages } from '../shared/physical/check-pages.ts'
import { logFolders } from '../shared/physical/log-folders.ts'
import {
  column,
  forcedRecovery,
  lineageOf,
  refuseElsewhere,
  refuseEncrypted,
  startOptions,
  systemFiles,
  userDatabases,
} from '../shared/physical/observe-source.ts'
import { onOtherServers } from '../shared/physical/on-other-servers.ts'
import { replicaLacks } from '../shared/replica-lacks.ts'
import { seenSources } from '../shared/replica-sources.ts'
import { serverPlace } from '../shared/server-place.ts'
import { readSettings } from '../shared/server-settings.ts'
import { leaveOutBegunLog, leaveToIncrement } from './aria-logs.ts'
import { systemTablespaceFlags, systemTablespaceRanges } from './doublewrite-pages.ts'
import { encryptedNow } from './encrypted-now.ts'
import { OTHER_SERVERS_OFF } from './engines-off.ts'
import { mariadbLogicalDialect } from './logical-dialect.ts'
import { makeWayForNew } from './new-of-increment.ts'
import { requireOwnFolder } from './own-folder.ts'
import { startMariadbBackup } from './physical-copy.ts'
import { renameInIncrement } from './renames-of-increment.ts'
import { whyNoBase } from './same-history.ts'

/** Without the source's values for these a server does not start on its files. */
const START_SETTINGS = {
  innodb_page_size: '--innodb-page-size',
  innodb_data_file_path: '--innodb-data-file-path',
  innodb_undo_tablespaces: '--innodb-undo-tablespaces',
  lower_case_table_names: '--lower-case-table-names',
} as const

/** What mariadb-backup leaves beside the server's own files. */
const OWN_FILES = /^(?:xtrabackup|mariadb_backup)_|^backup-my\.cnf$/

export const mariadbPhysicalBackups: PhysicalBackups = {
  async check(connect) {
    // Missing programs are told before anything is asked of the server.
    findInstallation('mariadb').program('mariadb-backup')
    const session = await openSession({ ...connect, database: undefined })
    try {
      return await observe(session)
    } finally {
      await session.close()
    }
  },
  async requirePrograms(serverVersion) {
    const programs = findInstallation('mariadb')
    for (const name of ['mariadb-backup', 'innochecksum']) programs.program(name)
    await requireNewEnough(programs.program('mariadb-backup'), serverVersion)
  },
  async whyNoBase(connect, base) {
    const session = await openSession({ ...connect, database: undefined })
    try {
      return await whyNoBase(session, base)
    } finally {
      await session.close()
    }
  },
  start: (options, source) => startMariadbBackup(options, source.lineage ?? '', source),
  async prepare(folder, { increments, workFolder }) {
    const program = findInstallation('mariadb').program('mariadb-backup')
    // Else it needs a folder of the environment's, which may not be there: a good snapshot failed for it.
    const prepare = [
      '--prepare',
      `--target-dir=${folder}`,
      '--use-memory=128M',
      `--tmpdir=${workFolder}`,
    ]
    const run = (more: readonly string[]) =>
      runProgram(program, [...prepare, ...more], {
        ...{ cwd: workFolder, diesWithUs: true, writesInto: folder },
      })
    await leaveOutBegunLog(folder)
    await run([])
    for (const increment of increments) {
      await leaveOutBegunLog(increment)
      await leaveToIncrement(folder, increment)
      await renameInIncrement(increment)
      await makeWayForNew(folder, increment)
      await run([`--incremental-dir=${increment}`])
    }
    for (const name of await readdir(folder)) {
      if (OWN_FILES.test(name)) await rm(join(folder, name))
    }
  },
  checkPages: (folder, settings) =>
    checkPages(findInstallation('mariadb').program('innochecksum'), folder, {
      system: systemFiles(settings),
      systemRanges: systemTablespaceRanges,
      furtherSystem: systemTablespaceFlags,
    }),
  serverOptions: settings => ['--skip-grant-tables', ...commonOptions(settings)],
  grantedOptions,
  rowsAreInFiles: storageEngine => ROWS_IN_FILES.has(storageEngine.toLowerCase()),
  modes: { file: 0o660, folder: 0o700 },
  namesOfServer: [],
  // The files do not know that they are a replica's.
  aloneOptions: [],
  // What the binary log had is in no file that is copied.
  restoredGtids: async () => null,
  // master.info, which has them, is not copied.
  forgetSources: async () => [],
  onOtherServers,
  ...ownAdministrator,
}

/** It renames its own files in 11, and writes the log as its series does. A newer one prepares older files. */
async function requireNewEnough(program: ProgramCommand, serverVersion: string): Promise<void> {
  const { stdout, stderr } = await runProgram(program, ['--version'])
  const [, version] = /MariaDB server (\S+)/.exec(`${stdout}${stderr}`) ?? []
  if (version === undefined || !isOlder(version, serverVersion)) return
  throw new EcomdbError('UNSUPPORTED', {
    what: `the files are of MariaDB ${serverVersion}, and mariadb-backup is of ${version} here`,
    why: 'an older one does not prepare the files of a newer server',
    hints: [
      'restore where a MariaDB of that series is installed, or name the folder of its programs in ECOMDB_MARIADB_BASEDIR',
    ],
  })
}

function grantedOptions(settings: Readonly<Record<string, string>>): string[] {
  return [
    // The log has the hashes of passwords, which a copy that checks passwords would refuse.
    '--strict-password-validation=OFF',
    ...commonOptions(settings),
  ]
}

function commonOptions(settings: Readonly<Record<string, string>>): string[] {
  return [
    '--skip-slave-start',
    // Of its working folder, and not in the data directory: what a view of the snapshot calls, or a statement of a
    // log that is replayed, reads and writes no file elsewhere. MySQL's private servers do without any.
    '--secure-file-priv=tmp',
    ...OTHER_SERVERS_OFF,
    '--innodb-buffer-pool-load-at-startup=OFF',
    '--innodb-buffer-pool-dump-at-shutdown=OFF',
    ...startOptions(START_SETTINGS, settings),
  ]
}

/**
 * Files of MyISAM and Aria tables that lie elsewhere: mariadb-backup cannot read Aria's, and brings
 * MyISAM's into the data directory. A database whose whole folder is a link is copied as it is.
 */
async function linkedTables(folder: string): Promise<string[]> {
  const entries = await readDataFolder(folder).catch((error: unknown) => {
    if (['EACCES', 'ENOENT'].includes(systemCode(error) ?? '')) return []
    throw error
  })
  return entries
    .filter(entry => entry.isSymbolicLink() && /\.(?:MY|MA)[DI]$/.test(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name))
}

/** Their files are copied, or they have no rows of their own here. MEMORY is asked for by its rows. */
const COPIED_ENGINES = [
  ...['InnoDB', 'MyISAM', 'MRG_MyISAM', 'Aria', 'CSV', 'ARCHIVE', 'ROCKSDB', 'SEQUENCE', 'MEMORY'],
  ...['BLACKHOLE', 'FEDERATED', 'SPIDER', 'SPHINX', 'PERFORMANCE_SCHEMA'],
]

const ROWS_IN_FILES: ReadonlySet<string> = new Set(
  COPIED_ENGINES.map(name => name.toLowerCase()).filter(name => name !== 'memory'),
)

/**
 * A server that is started on the files has these tables empty, or not at all: rows of MEMORY are in no file, and
 * mariadb-backup knows the files of some engines only (10.11, measured with CONNECT: c.fix and d.dbf stayed behind,
 * with status 0).
 */
export async function rowsNotCopied(session: Session): Promise<string[]> {
  const rows = await unlessRefused(
    session.rows(
      `SELECT CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) AS name, ENGINE AS engine FROM information_schema.TABLES
        WHERE ((ENGINE = 'MEMORY' AND TABLE_ROWS > 0) OR ENGINE NOT IN (${COPIED_ENGINES.map(quoteString).join(', ')}))
          AND TABLE_TYPE = 'BASE TABLE'
          AND TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema') ORDER BY 1`,
    ),
  )
  return (rows ?? []).map(({ name, engine }) =>
    engine === 'MEMORY'
      ? `table ${name} is of MEMORY: its rows are in no file, and \`ecomdb backup logical\` keeps them`
      : `table ${name} is of ${engine}: mariadb-backup copies none of the files of that engine; keep them by other means`,
  )
}

/** More rows than the lists that mariadb-backup reads have, by far. */
const LEAST_ROWS = 10_000

/**
 * mariadb-backup reads SHOW VARIABLES, which a global limit of rows cuts, and was then ended by SIGSEGV
 * without a word (10.11, with each limit up to 600 of 656 variables).
 */
async function refuseCutLists(session: Session): Promise<void> {
  const limit = await session.value('SELECT @@GLOBAL.sql_select_limit')
  if (Number(limit) >= LEAST_ROWS) return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'mariadb-backup cannot work with this server',
    why: `sql_select_limit is ${limit} for every session, and it reads the list of the server's variables`,
    hints: [
      'raise it for as long as the backup takes (SET GLOBAL sql_select_limit = DEFAULT)',
      'or run `ecomdb backup logical`, which needs no change',
    ],
  })
}

/**
 * A question for its tablespaces ends a server whose InnoDB is read-only by signal 11, for all who use it
 * (10.11.19, measured).
 */
async function refuseReadOnly(session: Session): Promise<void> {
  const settings = await readSettings(session, ['innodb_read_only', 'innodb_force_recovery'])
  const level = Number(settings['innodb_force_recovery'] ?? 0)
  if (settings['innodb_read_only'] !== 'ON' && level < 6) return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'the data files of a server whose InnoDB is read-only are not copied while it runs',
    why: level < 6 ? 'innodb_read_only is ON' : `innodb_force_recovery is ${level}`,
    hints: ['run `ecomdb backup logical`', 'or start the server without it'],
  })
}

async function observe(session: Session): Promise<PhysicalSource> {
  await refuseCutLists(session)
  await refuseReadOnly(session)
  const paths = await column(
    session,
    "SELECT FILENAME FROM information_schema.INNODB_SYS_TABLESPACES WHERE FILENAME LIKE '/%'",
  )
  const folder = (await session.value('SELECT @@datadir')) ?? ''
  const inside = (path: string): boolean => path.startsWith(folder)
  refuseElsewhere([...(paths ?? []).filter(path => !inside(path)), ...(await linkedTables(folder))])
  refuseEncrypted(await encryptedNow(session))
  await requireOwnFolder(session, folder)
  const sourceId = await mariadbLogicalDialect.sourceId(session)
  const [bytes] =
    (await column(
      session,
      'SELECT SUM(FILE_SIZE) FROM information_schema.INNODB_SYS_TABLESPACES',
    )) ?? []
  const settings = await readSettings(session, [
    ...Object.keys(START_SETTINGS),
    ...REPLAYED_SETTINGS,
    'system_time_zone',
  ])
  return {
    serverVersion: session.flavor.text,
    sourceId,
    place: await serverPlace(session),
    settings: { ...settings, ...(await logFolders(session, 'mariadb')) },
    databases: await userDatabases(session, mariadbLogicalDialect.systemDatabases),
    estimateBytes: Number(bytes ?? 0),
    lineage: await lineageOf(folder, sourceId, settings),
    unlogged: await lacksInLog(session),
    sources: await seenSources(session),
    findings: [
      ...(await replicaLacks(session)),
      ...(await forcedRecovery(session)),
      ...(await rowsNotCopied(session)),
    ],
  }
}
