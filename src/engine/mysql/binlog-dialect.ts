import { findInstallation } from '../installation.ts'
import type { BinlogDialect } from '../shared/binlog/dialect.ts'
import { mysqlLogicalDialect } from './logical-dialect.ts'

export const mysqlBinlogDialect: BinlogDialect = {
  family: 'mysql',
  tool: () => findInstallation('mysql').program('mysqlbinlog'),
  readerIdOption: '--connection-server-id',
  client: () => findInstallation('mysql').program('mysql'),
  clientOptions: ['--local-infile=1'],
  toolReplayOptions: [],
  forgetGtids: ['--skip-gtids'],
  // Seen on 9.7.
  readsBeforeStart: true,
  // What is not in innodb_directories is made inside with a warning, for a log is replayed without innodb_strict_mode
  // (9.7, measured). A temporary table is not there at the end; MyISAM's is ignored on the source, too.
  elsewhere: /^(?:CREATE|ALTER) TABLE\b.*\bDATA DIRECTORY ?(?:=|''|"")/i,
  serverUuid: session => session.value('SELECT @@server_uuid'),
  sourceId: session => mysqlLogicalDialect.sourceId(session),
  gtids: 'SELECT @@global.gtid_executed',
  purged: 'SELECT @@global.gtid_purged',
  privileges: 'REPLICATION SLAVE, REPLICATION CLIENT',
  openAccounts: `SELECT user AS user, host AS host FROM mysql.user
     WHERE account_locked = 'N' AND user NOT IN ('mysql.sys', 'mysql.session', 'mysql.infoschema')
     ORDER BY user, host`,
  systemDatabases: mysqlLogicalDialect.systemDatabases,
}
