import { findInstallation } from '../installation.ts'
import type { BinlogDialect } from '../shared/binlog/dialect.ts'
import { mariadbLogicalDialect } from './logical-dialect.ts'

export const mariadbBinlogDialect: BinlogDialect = {
  family: 'mariadb',
  tool: () => findInstallation('mariadb').program('mariadb-binlog'),
  readerIdOption: '--stop-never-slave-server-id',
  client: () => findInstallation('mariadb').program('mariadb'),
  clientOptions: ['--local-infile=1'],
  toolReplayOptions: [
    // What rows in row format came from is printed as a comment, and is executed by nobody.
    '--skip-annotate-row-events',
    // A server that is not strict, as by default, logs numbers out of order: of several sources in one
    // domain, or set by hand. The log's own order is that of the commits. Before 10.8 the tool has no check.
    '--loose-gtid-strict-mode=0',
  ],
  forgetGtids: [],
  readsBeforeStart: false,
  // A temporary table is not there at the end. An index may have the name `directory`.
  elsewhere:
    /^(?:SET STATEMENT .* FOR )?(?:CREATE(?: OR REPLACE)?|ALTER(?: ONLINE)?(?: IGNORE)?) TABLE\b.*\b(?:DATA|INDEX) DIRECTORY ?(?:=|''|"")/i,
  serverUuid: async () => null,
  sourceId: session => mariadbLogicalDialect.sourceId(session),
  gtids: 'SELECT @@global.gtid_binlog_state',
  purged: null,
  privileges: 'REPLICATION SLAVE, BINLOG MONITOR',
  openAccounts: `SELECT User AS user, Host AS host FROM mysql.global_priv
     WHERE IFNULL(JSON_VALUE(Priv, '$.account_locked'), 0) = 0
       AND IFNULL(JSON_VALUE(Priv, '$.is_role'), 0) = 0 AND User <> 'mariadb.sys'
     ORDER BY User, Host`,
  systemDatabases: mariadbLogicalDialect.systemDatabases,
}
