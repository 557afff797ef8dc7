import { join } from 'node:path'
import { runProgram } from '#process/run-program'
import { findInstallation } from '../installation.ts'
import type { ScratchDialect } from '../shared/scratch-process.ts'

export const mariadbScratch: ScratchDialect = {
  async initialize(dataFolder) {
    const { basedir, program } = findInstallation('mariadb')
    const installer = program('mariadb-install-db')
    await runProgram({ ...installer, file: 'sh', args: [...installer.args, installer.file] }, [
      '--no-defaults',
      `--basedir=${basedir}`,
      `--datadir=${dataFolder}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      '--skip-name-resolve',
      ...(process.getuid?.() === 0 ? ['--user=root'] : []),
    ])
  },
  server: () => findInstallation('mariadb').program('mariadbd'),
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
      '--innodb-buffer-pool-size=256M',
      ...(purpose === 'drill'
        ? [
            '--skip-log-bin',
            '--innodb-flush-log-at-trx-commit=0',
            '--innodb-doublewrite=OFF',
            '--innodb-log-file-size=512M',
            '--innodb-flush-method=nosync',
            '--event-scheduler=OFF',
          ]
        : ['--log-bin=binlog', '--binlog-format=ROW', '--event-scheduler=ON']),
    ]
  },
}
