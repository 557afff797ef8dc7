import type { Engine } from '../engine.ts'
import { findInstallation } from '../installation.ts'
import { accessCatalog } from '../shared/access/access-catalog.ts'
import { accessHistory } from '../shared/access-history/access-history.ts'
import { auditTrail } from '../shared/audit/audit-trail.ts'
import { binaryLog } from '../shared/binlog/binary-log.ts'
import { logicalWriter } from '../shared/bulk-load/logical-writer.ts'
import { credentials } from '../shared/credentials/credentials.ts'
import { sessionAccounts } from '../shared/credentials/session-accounts.ts'
import { definerObjects } from '../shared/definer-objects/definer-objects.ts'
import { hardening } from '../shared/hardening/hardening.ts'
import { serverInspector } from '../shared/inspect/inspect-server.ts'
import { jobLock } from '../shared/job-lock/server-job-lock.ts'
import { leases } from '../shared/leases/leases.ts'
import { leavers } from '../shared/leavers/leavers.ts'
import { loader } from '../shared/load/loader.ts'
import { logicalReader } from '../shared/logical/logical-reader.ts'
import { openSession } from '../shared/mysql2-session.ts'
import { provisioner } from '../shared/provision/provisioner.ts'
import { schemaObserver } from '../shared/schema/observe-schema.ts'
import { scratchServers } from '../shared/scratch-process.ts'
import { sessions } from '../shared/sessions/sessions.ts'
import { shopReports } from '../shared/shop-reports/call-reports.ts'
import { mysqlAccess } from './access.ts'
import { mysqlAccounts } from './accounts.ts'
import { mysqlBinlogDialect } from './binlog-dialect.ts'
import { mysqlHardening } from './hardening.ts'
import { mysqlIdentities } from './identities.ts'
import { mysqlIssuer } from './issuer.ts'
import { mysqlLogicalDialect } from './logical-dialect.ts'
import { mysqlPhysicalBackups } from './physical.ts'
import { mysqlScratch } from './scratch.ts'

export const mysqlEngine: Engine = {
  family: 'mysql',
  connect: openSession,
  installation: () => findInstallation('mysql'),
  scratchServers: scratchServers(mysqlScratch),
  serverInspector,
  schemaObserver,
  shopReports,
  logicalWriter,
  provisioner: provisioner(mysqlAccounts),
  logicalReader: logicalReader(mysqlLogicalDialect),
  loader,
  binaryLog: binaryLog(mysqlBinlogDialect),
  hardening: hardening(mysqlHardening),
  physicalBackups: mysqlPhysicalBackups,
  accessCatalog: accessCatalog(mysqlAccess),
  jobLock,
  sessions: sessions(mysqlAccounts),
  definerObjects,
  leavers: leavers(mysqlAccounts),
  leases,
  auditTrail: auditTrail(mysqlAccounts),
  accessHistory,
  credentials: credentials(mysqlIdentities, mysqlIssuer, mysqlAccounts),
  sessionAccounts: sessionAccounts('mysql.ibd', true),
}
