import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { GIB } from '#core/units'
import { runProgram } from '#process/run-program'
import { findInstallation } from '../installation.ts'
import type { ScratchDialect } from '../shared/scratch-dialect.ts'
import { OTHER_SERVERS_OFF } from './engines-off.ts'

/** Holds the version of the last mariadb-upgrade; the second name until MariaDB 10. */
const VERSION_FILES = ['mariadb_upgrade_info', 'mysql_upgrade_info']

/**
 * Runs of a mebibyte, as it is by default, make many passes of the sort of a large index. The
 * keys of 2.5 million rows take 3.8 s with 16 MiB and 2.2 s with 64, which is the most that the
 * server takes, and of which each index that is being made has four.
 */
const sortBufferMebibytes = (): number => (totalmem() >= 8 * GIB ? 64 : 16)

export const mariadbScratch: ScratchDialect = {
  family: 'mariadb',
  ownFiles: [],
  async initialize(dataFolder, options) {
    const { basedir, program } = findInstallation('mariadb')
    const installer = program('mariadb-install-db')
    await runProgram({ ...installer, file: 'sh', args: [...installer.args, installer.file] }, [
      '--no-defaults',
      `--basedir=${basedir}`,
      `--datadir=${dataFolder}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--skip-name-resolve',
      // It is copied for each server, and would have 96 MB of a log that is empty.
      '--innodb-log-file-size=4M',
      ...options,
      ...(process.getuid?.() === 0 ? ['--user=root'] : []),
    ])
  },
  async dataVersion(dataFolder) {
    if (!existsSync(join(dataFolder, 'aria_log_control'))) return null
    for (const name of VERSION_FILES) {
      const text = await readFile(join(dataFolder, name), 'utf8').catch(() => null)
      if (text) return text.trim()
    }
    return '0'
  },
  async upgrade(socketPath) {
    await runProgram(findInstallation('mariadb').program('mariadb-upgrade'), [
      '--no-defaults',
      `--socket=${socketPath}`,
      '--user=root',
    ])
  },
  client(socketPath) {
    const client = findInstallation('mariadb').program('mariadb')
    return {
      ...client,
      args: [
        ...client.args,
        '--no-defaults',
        // MariaDB's client takes latin1 or utf8mb3 from the locale; MySQL's has this by itself.
        '--default-character-set=utf8mb4',
        `--socket=${socketPath}`,
        '--user=root',
      ],
    }
  },
  server: () => findInstallation('mariadb').program('mariadbd'),
  zonePrinter: () => findInstallation('mariadb').program('mariadb-tzinfo-to-sql'),
  options(purpose) {
    const { basedir } = findInstallation('mariadb')
    return [
      `--basedir=${basedir}`,
      `--lc-messages-dir=${join(basedir, 'share/mysql')}`,
      `--character-sets-dir=${join(basedir, 'share/mysql/charsets')}`,
      `--plugin-dir=${join(basedir, 'lib/mysql/plugin')}`,
      '--character-set-server=utf8mb4',
      '--server-id=1',
      '--local-infile=ON',
      // A private server writes into its own folder: DATA DIRECTORY and INDEX DIRECTORY are ignored,
      // also in a log that is replayed, for they are places of a live server.
      '--skip-symbolic-links',
      '--innodb-buffer-pool-size=256M',
      `--innodb-sort-buffer-size=${sortBufferMebibytes()}M`,
      ...(purpose === 'drill'
        ? [
            // Its working folder: what a view of the snapshot calls may read and write no file elsewhere.
            '--secure-file-priv=.',
            '--skip-log-bin',
            ...OTHER_SERVERS_OFF,
            '--innodb-flush-log-at-trx-commit=0',
            '--innodb-doublewrite=OFF',
            '--innodb-log-file-size=512M',
            '--innodb-flush-method=nosync',
            '--event-scheduler=OFF',
            '--max-allowed-packet=1G',
            // A host that is busy with other work is no reason for a drill to fail.
            '--connect-timeout=120',
          ]
        : ['--log-bin=binlog', '--binlog-format=ROW', '--event-scheduler=ON']),
    ]
  },
}
