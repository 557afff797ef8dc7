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
import { mariadbAccess } from './access.ts'
import { mariadbAccounts } from './accounts.ts'
import { mariadbBinlogDialect } from './binlog-dialect.ts'
import { mariadbHardening } from './hardening.ts'
import { mariadbIdentities } from './identities.ts'
import { mariadbIssuer } from './issuer.ts'
import { mariadbLogicalDialect } from './logical-dialect.ts'
import { mariadbPhysicalBackups } from './physical.ts'
import { mariadbScratch } from './scratch.ts'

export const mariadbEngine: Engine = {
  family: 'mariadb',
  connect: openSession,
  installation: () => findInstallation('mariadb'),
  scratchServers: scratchServers(mariadbScratch),
  serverInspector,
  schemaObserver,
  shopReports,
  logicalWriter,
  provisioner: provisioner(mariadbAccounts),
  logicalReader: logicalReader(mariadbLogicalDialect),
  loader,
  binaryLog: binaryLog(mariadbBinlogDialect),
  hardening: hardening(mariadbHardening),
  physicalBackups: mariadbPhysicalBackups,
  accessCatalog: accessCatalog(mariadbAccess),
  jobLock,
  sessions: sessions(mariadbAccounts),
  definerObjects,
  leavers: leavers(mariadbAccounts),
  leases,
  auditTrail: auditTrail(mariadbAccounts),
  accessHistory,
  credentials: credentials(mariadbIdentities, mariadbIssuer, mariadbAccounts),
  sessionAccounts: sessionAccounts('mysql/global_priv.MAD', false),
}
