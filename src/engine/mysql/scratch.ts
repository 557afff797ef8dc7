import { join } from 'node:path'
import { runProgram } from '#process/run-program'
import { findInstallation } from '../installation.ts'
import type { ScratchDialect } from '../shared/scratch-process.ts'

function folders(): string[] {
  const { basedir } = findInstallation('mysql')
  return [
    `--basedir=${basedir}`,
    `--lc-messages-dir=${join(basedir, 'share/mysql')}`,
    `--character-sets-dir=${join(basedir, 'share/mysql/charsets')}`,
    `--plugin-dir=${join(basedir, 'lib/mysql/plugin')}`,
  ]
}

export const mysqlScratch: ScratchDialect = {
  async initialize(dataFolder) {
    await runProgram(findInstallation('mysql').program('mysqld'), [
      '--no-defaults',
      ...folders(),
      `--datadir=${dataFolder}`,
      '--initialize-insecure',
      ...(process.getuid?.() === 0 ? ['--user=root'] : []),
    ])
  },
  server: () => findInstallation('mysql').program('mysqld'),
  options(purpose) {
    return [
      ...folders(),
      '--mysqlx=OFF',
      '--secure-file-priv=NULL',
      '--server-id=1',
      '--local-infile=ON',
      '--innodb-buffer-pool-size=256M',
      ...(purpose === 'drill'
        ? [
            '--skip-log-bin',
            '--innodb-flush-log-at-trx-commit=0',
            '--innodb-doublewrite=OFF',
            '--innodb-redo-log-capacity=1G',
            '--innodb-flush-method=nosync',
            '--event-scheduler=OFF',
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
