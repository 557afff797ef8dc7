import type { EngineFamily } from '#domain/engine-family'
import type { AccessCatalog } from './access-catalog.ts'
import type { AccessHistory } from './access-history.ts'
import type { AuditTrail } from './audit-trail.ts'
import type { BinaryLog } from './binlog.ts'
import type { Credentials } from './credentials.ts'
import type { DefinerObjects } from './definer-objects.ts'
import type { Hardening } from './hardening.ts'
import type { Installation } from './installation.ts'
import type { JobLock } from './job-lock.ts'
import type { Leases } from './leases.ts'
import type { Leavers } from './leavers.ts'
import type { Loader } from './loader.ts'
import type { LogicalReader } from './logical-reader.ts'

import type { LogicalWriter } from './logical-writer.ts'
import type { PhysicalBackups } from './physical-backup.ts'
import type { Provisioner } from './provisioner.ts'
import type { SchemaObserver } from './schema-observer.ts'
import type { ScratchServers } from './scratch-server.ts'
import type { ServerInspector } from './server-inspector.ts'
import type { ConnectOptions, Session } from './session.ts'
import type { SessionAccounts } from './session-accounts.ts'
import type { Sessions } from './sessions.ts'
import type { ShopReports } from './shop-reports.ts'

/**
 * The seam to a server family. Workflows know this and nothing below it; src/cli/wire.ts
 * names the two implementations. Each member is one capability group with a file of its
 * own beside this one.
 */
export interface Engine {
  readonly family: EngineFamily
  /** @throws EcomdbError SERVER_UNREACHABLE, AUTHENTICATION_REFUSED */
  connect(options: ConnectOptions): Promise<Session>
  /** @throws EcomdbError TOOL_MISSING */
  installation(): Installation
  readonly scratchServers: ScratchServers
  readonly serverInspector: ServerInspector
  readonly schemaObserver: SchemaObserver
  readonly shopReports: ShopReports
  readonly logicalWriter: LogicalWriter
  readonly provisioner: Provisioner
  readonly logicalReader: LogicalReader
  readonly loader: Loader
  readonly binaryLog: BinaryLog
  readonly hardening: Hardening
  readonly physicalBackups: PhysicalBackups
  readonly accessCatalog: AccessCatalog
  readonly jobLock: JobLock
  readonly sessions: Sessions
  readonly definerObjects: DefinerObjects
  readonly leavers: Leavers
  readonly leases: Leases
  readonly auditTrail: AuditTrail
  readonly accessHistory: AccessHistory
  readonly credentials: Credentials
  readonly sessionAccounts: SessionAccounts
}
