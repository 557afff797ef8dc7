import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '#process/run-program'
import { findInstallation } from '../installation.ts'
import type { ScratchDialect } from '../shared/scratch-dialect.ts'

function folders(): string[] {
  const { basedir } = findInstallation('mysql')
  return [
    `--basedir=${basedir}`,
    `--lc-messages-dir=${join(basedir, 'share/mysql')}`,
    `--character-sets-dir=${join(basedir, 'share/mysql/charsets')}`,
    `--plugin-dir=${join(basedir, 'lib/mysql/plugin')}`,
  ]
}

/**
 * The performance schema is there, for views and positions that read it, and counts nothing: 245 MB of memory
 * instead of 485 (measured on 9.7, with the redo log below).
 */
const WITHOUT_STATISTICS = [
  ...['error', 'digests', 'accounts', 'hosts', 'users'].map(what => `${what}-size=0`),
  ...['waits', 'stages', 'statements', 'transactions'].flatMap(what => [
    `events-${what}-history-long-size=0`,
    `events-${what}-history-size=0`,
  ]),
  ...['memory', 'statement', 'stage'].map(what => `max-${what}-classes=0`),
  ...['file', 'table', 'mutex'].map(what => `max-${what}-instances=0`),
  ...['index-stat', 'table-lock-stat', 'metadata-locks'].map(what => `max-${what}=0`),
  ...['digest', 'sql-text'].map(what => `max-${what}-length=0`),
  'max-thread-instances=64',
].map(setting => `--performance-schema-${setting}`)

interface UpgradeHistory {
  upgrade_history?: { version?: string }[]
}

export const mysqlScratch: ScratchDialect = {
  family: 'mysql',
  // The server's UUID, its certificates and its RSA keys.
  ownFiles: [
    'auto.cnf',
    'ca.pem',
    'ca-key.pem',
    'server-cert.pem',
    'server-key.pem',
    'client-cert.pem',
    'client-key.pem',
    'private_key.pem',
    'public_key.pem',
  ],
  async initialize(dataFolder, options) {
    await runProgram(findInstallation('mysql').program('mysqld'), [
      '--no-defaults',
      ...folders(),
      `--datadir=${dataFolder}`,
      '--initialize-insecure',
      // It is copied for each server, and would have 100 MB of a log that is empty.
      '--innodb-redo-log-capacity=8M',
      ...options,
      ...(process.getuid?.() === 0 ? ['--user=root'] : []),
    ])
  },
  async dataVersion(dataFolder) {
    if (!existsSync(join(dataFolder, 'mysql.ibd'))) return null
    // Since MySQL 8.4; mysqld checks older data by itself.
    const text = await readFile(join(dataFolder, 'mysql_upgrade_history'), 'utf8').catch(() => '{}')
    return (JSON.parse(text) as UpgradeHistory).upgrade_history?.at(-1)?.version ?? '0'
  },
  upgrade: null,
  client(socketPath) {
    const client = findInstallation('mysql').program('mysql')
    return {
      ...client,
      args: [...client.args, '--no-defaults', `--socket=${socketPath}`, '--user=root'],
    }
  },
  server: () => findInstallation('mysql').program('mysqld'),
  zonePrinter: () => findInstallation('mysql').program('mysql_tzinfo_to_sql'),
  options(purpose) {
    return [
      ...folders(),
      '--mysqlx=OFF',
      '--secure-file-priv=NULL',
      '--server-id=1',
      '--local-infile=ON',
      // MySQL 8.4 has it, and does not load it by itself: accounts of 8.0 come back with it.
      '--loose-mysql-native-password=ON',
      '--innodb-buffer-pool-size=256M',
      ...(purpose === 'drill'
        ? [
            '--skip-log-bin',
            // Nobody connects but over the socket: no certificates, which take 0.3 s to make.
            '--auto-generate-certs=OFF',
            '--caching-sha2-password-auto-generate-rsa-keys=OFF',
            '--innodb-flush-log-at-trx-commit=0',
            '--innodb-doublewrite=OFF',
            // All of it is written at the start: 1 GiB took half of the start's time, and room on the disk.
            // Rows are loaded without a redo log.
            '--innodb-redo-log-capacity=128M',
            ...WITHOUT_STATISTICS,
            '--innodb-flush-method=nosync',
            '--event-scheduler=OFF',
            '--max-allowed-packet=1G',
            // A host that is busy with other work is no reason for a drill to fail.
            '--connect-timeout=120',
          ]
        : [
            '--log-bin=binlog',
            '--gtid-mode=ON',
            '--enforce-gtid-consistency=ON',
            '--event-scheduler=ON',
          ]),
    ]
  },
}
