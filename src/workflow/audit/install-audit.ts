import { randomUUID } from 'node:crypto'
import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import type { AuditPolicy } from '#domain/audit/audit-policy'
import type {
  AuditInstallReport,
  AuditStatusReport,
  AuditUninstallReport,
} from '#domain/audit/audit-report'
import { OPERATION_TABLE } from '#domain/audit/event'
import { watchedRights } from '#domain/audit/rights-watch'
import { sealAge } from '#domain/audit/seal-age'
import type { Engine } from '#engine/engine'
import type { ConnectOptions, Session } from '#engine/session'
import { openCheckpoint } from './open-checkpoint.ts'

export interface AuditedServer {
  engine: Engine
  connect: ConnectOptions
  database: string
}

export interface InstallOptions extends AuditedServer {
  tables: readonly string[]
  /** Write all rows down anew, as they are now. */
  baseline: boolean
  dryRun: boolean
}

/**
 * `ecomdb audit install`: triggers on the audited tables, and every row of before written down.
 * What is there already is left as it is.
 *
 * @throws EcomdbError UNSUPPORTED when a table cannot be audited as it is; PRIVILEGE_MISSING
 */
export async function installAudit(
  options: InstallOptions,
  progress: Progress,
): Promise<AuditInstallReport> {
  const { engine, connect, database, tables, baseline, dryRun } = options
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const { auditTrail } = engine
    progress.stage('reading the tables')
    const store = auditTrail.storeName(session, 'audit')
    const first = await auditTrail.planInstall(session, database, tables, baseline)
    if (first.refusals.length > 0) throw refused(first.refusals)
    const report = { database, store, dryRun, statements: first.statements, tables, baselines: [] }
    if (dryRun) return report
    // What ecomdb does is audited too, and this makes the table of it where there is none.
    await engine.accessCatalog.ensureStore(session, 'access')
    const plan = await auditTrail.planInstall(session, database, tables, baseline)
    await auditTrail.ensureTrail(session, database, randomUUID())
    await auditTrail.lockSealer(session)
    progress.stage('making triggers')
    await auditTrail.install(session, plan)
    const baselines = []
    for (const layout of plan.baselines) {
      progress.stage(`writing down the rows of ${layout.table}`)
      const rows = await auditTrail.writeBaseline(session, database, layout)
      baselines.push({ table: layout.table, rows })
    }
    if (plan.statements.length + baselines.length > 0) {
      const detail = { statements: plan.statements, baselines }
      await engine.accessCatalog.recordOperation(session, {
        command: 'audit install',
        subject: database,
        detail,
      })
    }
    return { ...report, statements: plan.statements, baselines }
  } finally {
    await session.close()
  }
}

function refused(refusals: readonly string[]): EcomdbError {
  return new EcomdbError('UNSUPPORTED', {
    what: 'the audit is not installed: a change could pass it unseen',
    why: refusals.join('\n'),
    hints: ['change the table as the message says, or take it out of policies/audit.yaml'],
  })
}

/**
 * `ecomdb audit uninstall`: the triggers go; what was written stays, and goes on verifying.
 *
 * @param confirmed the database's name; null: only say it
 */
export async function uninstallAudit(
  { engine, connect, database }: AuditedServer,
  confirmed: string | null,
): Promise<AuditUninstallReport> {
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const statements = await engine.auditTrail.uninstallStatements(session, database)
    if (confirmed === null) return { database, statements, done: false }
    if (confirmed !== database) {
      throw new EcomdbError('CONFIRMATION_REQUIRED', {
        what: `--confirm ${confirmed} is not the database that is audited`,
        why: `it is ${database}`,
        hints: [`repeat with --confirm ${database}`],
      })
    }
    // Before, as long as the triggers are there: the trail says itself who ended it.
    await engine.accessCatalog.recordOperation(session, {
      command: 'audit uninstall',
      subject: database,
      detail: { statements },
    })
    for (const statement of statements) await engine.auditTrail.run(session, statement)
    return { database, statements, done: true }
  } finally {
    await session.close()
  }
}

export interface AuditStatusOptions {
  policy: Pick<AuditPolicy, 'tables' | 'seal' | 'anchors'>
  trustedSigners: readonly string[]
  /** How many anchors this host writes to; null: it does not seal. */
  anchors: number | null
  clock: Clock
}

/** `ecomdb audit status`: is every table audited as it should be, and how far is it sealed? */
export async function auditStatus(
  { engine, connect, database }: AuditedServer,
  { policy, trustedSigners, anchors, clock }: AuditStatusOptions,
): Promise<AuditStatusReport> {
  const { tables } = policy
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const store = engine.auditTrail.storeName(session, 'audit')
    const trail = await engine.auditTrail.readTrail(session)
    const states = await engine.auditTrail.status(session, database, tables)
    const sealed = trail ? await sealedSoFar(engine, session, trustedSigners) : null
    const known = new Set([...tables, OPERATION_TABLE])
    const unknown = (trail?.tables ?? []).filter(({ table }) => !known.has(table))
    return {
      ...{ database, store, trailId: trail?.trailId ?? null, tables: states, sealed },
      notInPolicy: unknown.map(({ table }) => table),
      missingAnchors: trail && anchors !== null ? Math.max(0, policy.anchors - anchors) : 0,
      signersTrusted: trustedSigners.length > 0,
      sealAge:
        trail && trustedSigners.length > 0
          ? sealAge(sealed?.sealedAt ?? null, policy, clock.now())
          : null,
    }
  } finally {
    await session.close()
  }
}

async function sealedSoFar(
  { auditTrail }: Engine,
  session: Session,
  trustedSigners: readonly string[],
): Promise<AuditStatusReport['sealed']> {
  const last = await auditTrail.lastBatch(session)
  if (!last || trustedSigners.length === 0) return null
  const checkpoint = openCheckpoint(last.statement, trustedSigners, `batch ${last.batch}`)
  const { batch, sealedAt, sealedTo, controls } = checkpoint
  return { batch, sealedAt, sealedTo, rightsWatched: watchedRights(controls) !== null }
}
