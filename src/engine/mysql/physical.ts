import { EcomdbError } from '#core/errors'
import { findInstallation } from '../installation.ts'
import type { PhysicalBackups } from '../physical-backup.ts'
import { quoteString } from '../quote.ts'
import type { Session } from '../session.ts'
import { openSession } from '../shared/mysql2-session.ts'
import { ownAdministrator } from '../shared/physical/administrator.ts'
import { checkPages } from '../shared/physical/check-pages.ts'
import { startOptions, systemFiles } from '../shared/physical/observe-source.ts'
import { onOtherServers } from '../shared/physical/on-other-servers.ts'
import { startClone } from './physical-copy.ts'
import { observeSource, START_SETTINGS } from './physical-source.ts'

export const mysqlPhysicalBackups: PhysicalBackups = {
  async check(connect) {
    // Missing programs are told before anything is asked of the server.
    findInstallation('mysql')
    const session = await openSession({ ...connect, database: undefined })
    try {
      return await observeSource(session)
    } finally {
      await session.close()
    }
  },
  async requirePrograms() {
    findInstallation('mysql').program('innochecksum')
  },
  // `start` refuses all increments.
  whyNoBase: async () => null,
  async start(options, source) {
    if (options.since) throw noIncrements()
    const { sourceId, settings, findings = [] } = source
    return await startClone(options, {
      ...{ sourceId, findings },
      startOptions: serverOptions(settings),
    })
  },
  async prepare(_folder, { increments }) {
    if (increments.length > 0) throw noIncrements()
  },
  checkPages: (folder, settings) =>
    checkPages(findInstallation('mysql').program('innochecksum'), folder, {
      system: systemFiles(settings),
      strict: TODAYS_CHECKSUM,
    }),
  serverOptions,
  grantedOptions,
  // `check` refuses tables of others.
  rowsAreInFiles: () => true,
  modes: { file: 0o640, folder: 0o750 },
  // Its server_uuid.
  namesOfServer: ['auto.cnf'],
  // Of a replica's files it would make a relay log of its own, which another one takes for its own.
  aloneOptions: ['--server-id=0'],
  async restoredGtids(session) {
    return ((await session.value('SELECT @@global.gtid_executed')) ?? '').replaceAll('\n', '')
  },
  forgetSources,
  onOtherServers,
  ...ownAdministrator,
}

/**
 * With relay_log_recovery = ON a server makes the relay log anew that the clone lacks, and replicates (9.7: a table
 * whose DROP was left out was gone four seconds after the start). Channels of a group stay, which join by a setting.
 */
async function forgetSources(session: Session): Promise<string[]> {
  const rows = await session.rows(
    `SELECT Channel_name AS channel, CONCAT(Host, ':', Port) AS source FROM mysql.slave_master_info
      WHERE Channel_name NOT LIKE 'group\\_replication\\_%' AND Host <> '' ORDER BY 1`,
  )
  const word = session.flavor.atLeast('mysql', 8, 2) ? 'REPLICA' : 'SLAVE'
  for (const { channel } of rows) {
    await session.run(`RESET ${word} ALL FOR CHANNEL ${quoteString(String(channel))}`)
  }
  return rows.map(({ source }) => String(source))
}

/**
 * Without it the program computes the slow checksum of old servers first, for each page (a file of
 * 310 MB: 0.58 s, and 0.08 s so). Pages that an old server wrote are good with it, too (9.7).
 */
const TODAYS_CHECKSUM = ['--strict-check=crc32']

function serverOptions(settings: Readonly<Record<string, string>>): string[] {
  return [
    '--skip-grant-tables',
    // Without grants the server loads no plugin by itself, and only this one knows the position.
    '--plugin-load-add=clone=mysql_clone.so',
    ...commonOptions(settings),
  ]
}

function grantedOptions(settings: Readonly<Record<string, string>>): string[] {
  return [
    // A log that is replayed has GTIDs, or has none, and then takes more statements.
    '--gtid-mode=ON_PERMISSIVE',
    '--enforce-gtid-consistency=OFF',
    ...commonOptions(settings),
  ]
}

function commonOptions(settings: Readonly<Record<string, string>>): string[] {
  return [
    '--skip-replica-start=ON',
    '--innodb-buffer-pool-load-at-startup=OFF',
    // The source's list of the pages that it needs first is among the files.
    '--innodb-buffer-pool-dump-at-shutdown=OFF',
    // Keys are each server's own.
    '--auto-generate-certs=OFF',
    '--caching-sha2-password-auto-generate-rsa-keys=OFF',
    '--loose-sha256-password-auto-generate-rsa-keys=OFF',
    ...startOptions(START_SETTINGS, settings),
  ]
}

function noIncrements(): EcomdbError {
  return new EcomdbError('UNSUPPORTED', {
    what: 'MySQL has no incremental physical backup',
    why: 'CLONE copies all; blocks that have not changed are not stored again anyway',
    hints: ['leave --incremental out'],
  })
}
