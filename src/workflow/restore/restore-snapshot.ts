import type { Clock } from '#core/clock'
import { EcomdbError, type ErrorCode } from '#core/errors'
import { adviseOnInterrupt, throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import type { Check } from '#domain/backup/check'
import type { AccountEntry } from '#domain/backup/manifest'
import type { RestorePlan, RestoreStage } from '#domain/backup/restore-plan'
import { needsPartialRevokes } from '#domain/backup/restored-accounts'
import type { Engine } from '#engine/engine'
import type { RestoreTarget, WriterOptions } from '#engine/logical-writer'
import type { ConnectOptions, Session } from '#engine/session'
import { loadRows } from './load-rows.ts'
import { type OpenedSnapshot, openSnapshot, type SnapshotAccess } from './open-snapshot.ts'
import { proveContent } from './prove-content.ts'
import { type RestoreJournal, readJournal, removeJournal, writeJournal } from './restore-journal.ts'

/** Where a snapshot is restored to. */
export interface RestorePlace {
  engine: Engine
  connect: ConnectOptions
}

export interface RestoreOptions {
  /** A snapshot id, an unambiguous beginning of one, or 'latest'. */
  snapshot: string
  /** Only these databases; all when undefined. */
  databases?: readonly string[] | undefined
  /** Must be the name of one of the restored databases; not needed for a dry run. */
  confirm?: string | undefined
  dryRun: boolean
  /** Remove what an interrupted restore made, by its journal, and begin again. */
  startOver: boolean
  /** Write to the server's binary log. */
  binlog: boolean
  /** User names of programs, whose accounts do not come back locked. */
  services: readonly string[]
  /** Connections, for loading and for reading back. */
  connections: number
}

export interface RestoreReport {
  snapshotId: string
  consistentAt: string
  serverVersion: string
  databases: readonly string[]
  tables: number
  rows: number
  bytes: number
  /** null for a dry run. */
  outcome: RestoreOutcome | null
  /** Every statement, in order, password hashes masked; rows by table. */
  plan: readonly { stage: RestoreStage; object: string; sql: string }[]
  notes: readonly string[]
  /** 'infile', or 'insert' where the server has local_infile off. */
  method: WriterOptions['method']
}

export interface RestoreOutcome {
  /** Until the last object was made. */
  restoreMs: number
  /** For reading all of it back and comparing. */
  readBackMs: number
  checks: readonly Check[]
  /** What the server warned of while it took rows that were then found equal. */
  warnings: readonly string[]
}

/**
 * `ecomdb restore`: a snapshot into a server that has none of its databases, or empty ones.
 *
 * @throws EcomdbError TARGET_NOT_EMPTY, CONFIRMATION_REQUIRED (nothing was changed);
 *   WRONG_IDENTITY, SIGNATURE_INVALID, SNAPSHOT_NOT_FOUND (nothing was changed);
 *   OBJECT_DAMAGED, SERVER_LOST, SERVER_REFUSED (tells how far it came);
 *   CONTENT_MISMATCH when what came back is not what was backed up
 */
export async function restoreSnapshot(
  options: RestoreOptions,
  access: SnapshotAccess,
  place: RestorePlace,
  clock: Clock,
  progress: Progress,
): Promise<RestoreReport> {
  progress.stage('opening the snapshot')
  const snapshot = await openSnapshot(access, options.snapshot, progress)
  checkAsked(options, snapshot, place)
  const session = await place.engine.connect({ ...place.connect, database: undefined })
  try {
    const prepared = await prepare(options, snapshot, place, session)
    const report = reportOf(snapshot, prepared)
    if (options.dryRun) return report
    confirm(options, prepared.plan)
    await place.engine.logicalWriter.lock(session)
    const outcome = await execute(options, access, snapshot, place, prepared, clock, progress)
    return { ...report, outcome }
  } finally {
    await session.close()
  }
}

interface Prepared {
  target: RestoreTarget
  plan: RestorePlan
  method: WriterOptions['method']
}

async function prepare(
  options: RestoreOptions,
  snapshot: OpenedSnapshot,
  { engine }: RestorePlace,
  session: Session,
): Promise<Prepared> {
  const { manifest } = snapshot
  const target = await engine.logicalWriter.observe(session, manifest)
  const journal = await readJournal(target.serverId)
  const remove = options.startOver ? journal : null
  if (journal && !remove) throw interruptedBefore(journal)
  refuseFull(target, options.databases, remove)
  if (options.databases === undefined) refuseWithoutPartialRevokes(target, manifest.accounts)
  const plan = engine.logicalWriter.plan(manifest, target, {
    databases: options.databases,
    remove,
    // Grants of the others would name what is not there.
    accounts: options.databases === undefined ? 'all' : 'definers',
    lockPeople: true,
    services: options.services,
    disableEvents: true,
  })
  return { target, plan, method: target.localInfile ? 'infile' : 'insert' }
}

/** Executes a plan; a failure tells what is on the server then. */
async function execute(
  options: RestoreOptions,
  access: SnapshotAccess,
  snapshot: OpenedSnapshot,
  place: RestorePlace,
  { target, plan, method }: Prepared,
  clock: Clock,
  progress: Progress,
): Promise<RestoreOutcome> {
  const { serverId } = target
  await writeJournal({
    format: 1,
    snapshotId: snapshot.envelope.snapshotId,
    serverId,
    startedAt: clock.now().toISOString(),
    ...plan.makes,
  })
  const started = clock.monotonicMs()
  const writer: WriterOptions = {
    connect: place.connect,
    writers: options.connections,
    binlog: options.binlog,
    method,
  }
  const advised = adviseOnInterrupt(`${leftText(plan)}; run the command again with --start-over`)
  try {
    const warnings = await applyPlan(access, snapshot, plan, place, writer, progress)
    const restored = clock.monotonicMs()
    const checks = await proveContent(
      {
        ...place,
        manifest: snapshot.manifest,
        readers: options.connections,
        changes: expectedChanges(options.databases ?? null, plan),
      },
      progress,
    )
    refuseDifferences(checks)
    await removeJournal(serverId)
    return {
      restoreMs: restored - started,
      readBackMs: clock.monotonicMs() - restored,
      checks,
      warnings,
    }
  } catch (error) {
    throw withWhatIsThere(error, plan)
  } finally {
    advised()
  }
}

/** What a plan changes on purpose, for the comparison. */
export function expectedChanges(
  databases: readonly string[] | null,
  plan: RestorePlan,
): Parameters<typeof proveContent>[0]['changes'] {
  return {
    databases,
    eventsDisabled: true,
    accounts: databases === null,
    locked: plan.locked,
    kept: plan.kept,
  }
}

const BEFORE_ROWS: readonly RestoreStage[] = [
  'removal',
  'databases',
  'accounts',
  'sequences',
  'tables',
]

/**
 * Runs the plan: objects, rows with their indexes, then the rest.
 * @returns the server's warnings while it took rows
 */
export async function applyPlan(
  access: SnapshotAccess,
  snapshot: OpenedSnapshot,
  plan: RestorePlan,
  { engine }: RestorePlace,
  options: WriterOptions,
  progress: Progress,
): Promise<string[]> {
  const writer = await engine.logicalWriter.open(options)
  const refused: string[] = []
  const run = async (wanted: (stage: RestoreStage) => boolean): Promise<void> => {
    for (const statement of plan.statements) {
      if (!wanted(statement.stage)) continue
      throwIfInterrupted()
      try {
        await writer.run(statement)
      } catch (error) {
        if (!statement.mayFail || !isRefusal(error)) throw error
        refused.push(`left out: ${statement.shown.slice(0, 200)}: ${error.why ?? error.what}`)
      }
    }
  }
  try {
    progress.stage('making databases and tables')
    await run(stage => BEFORE_ROWS.includes(stage))
    progress.stage('loading rows')
    progress.total({ bytes: plan.bytes, items: plan.rows })
    const { warnings } = await loadRows(access, snapshot, plan, writer, options.writers, progress)
    progress.stage('making keys, programs and grants')
    await run(stage => !BEFORE_ROWS.includes(stage) && stage !== 'indexes')
    return [...warnings, ...refused]
  } finally {
    await writer.close()
  }
}

/** Of one statement, by a server that goes on. */
function isRefusal(error: unknown): error is EcomdbError {
  return error instanceof EcomdbError && error.code !== 'SERVER_LOST'
}

function checkAsked(
  { databases }: RestoreOptions,
  { manifest, envelope }: OpenedSnapshot,
  { engine }: RestorePlace,
): void {
  if (manifest.engine !== engine.family) {
    throw new EcomdbError('UNSUPPORTED', {
      what: `cannot restore snapshot ${envelope.snapshotId} into this server`,
      why: `it was taken from ${manifest.engine} ${manifest.serverVersion}, and the server is ${engine.family}`,
      hints: ['`ecomdb sandbox start --engine` starts a private server of the other kind'],
    })
  }
  const missing = databases?.find(name => !manifest.databases.some(one => one.name === name))
  if (missing !== undefined) {
    throw new EcomdbError('USAGE', {
      what: `snapshot ${envelope.snapshotId} has no database ${missing}`,
      why: `it has ${manifest.databases.map(({ name }) => name).join(', ')}`,
    })
  }
}

function refuseFull(
  target: RestoreTarget,
  databases: readonly string[] | undefined,
  remove: RestoreJournal | null,
): void {
  const full = target.databases.filter(
    ({ name, objects }) =>
      objects > 0 && (databases?.includes(name) ?? true) && !remove?.databases.includes(name),
  )
  if (full.length === 0) return
  throw new EcomdbError('TARGET_NOT_EMPTY', {
    what: 'cannot restore: the server has these databases already',
    why: full.map(({ name, objects }) => `${name} holds ${objects} objects`).join(', '),
    hints: [
      'restore into another server: `ecomdb sandbox start --name rescue` gives an empty one, and its socket for --socket',
      'or restore other databases only, with --databases',
      'nothing was changed',
    ],
  })
}

function refuseWithoutPartialRevokes(
  { settings }: RestoreTarget,
  accounts: readonly AccountEntry[],
): void {
  if (settings['partial_revokes'] !== 'OFF' || !needsPartialRevokes(accounts)) return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'cannot restore the accounts into this server',
    why: 'some had a privilege without a part of it (REVOKE), and partial_revokes is OFF here',
    hints: ['SET PERSIST partial_revokes = ON on it, as on the source', 'nothing was changed'],
  })
}

function interruptedBefore(journal: RestoreJournal): EcomdbError {
  return new EcomdbError('TARGET_NOT_EMPTY', {
    what: 'a restore into this server was interrupted',
    why: `snapshot ${journal.snapshotId}, begun ${journal.startedAt}: ${madeText(journal)} may be incomplete`,
    hints: [
      'add --start-over to remove what it made and begin again; --dry-run shows what that is',
      'nothing was changed now',
    ],
  })
}

function madeText({ databases, accounts }: RestorePlan['makes']): string {
  return `${databases.join(', ')}, and ${accounts.length} accounts`
}

function confirm({ confirm: given }: RestoreOptions, plan: RestorePlan): void {
  const [name] = plan.makes.databases
  if (name === undefined || (given !== undefined && plan.makes.databases.includes(given))) return
  throw new EcomdbError('CONFIRMATION_REQUIRED', {
    what: given === undefined ? 'a restore must be confirmed' : `${given} is not restored here`,
    why: `it makes ${madeText(plan.makes)}`,
    hints: [`add --confirm ${name}, or look first with --dry-run`, 'nothing was changed'],
  })
}

function refuseDifferences(checks: readonly Check[]): void {
  const failed = checks.filter(({ outcome }) => outcome === 'failed')
  if (failed.length === 0) return
  throw new EcomdbError('CONTENT_MISMATCH', {
    what: 'what was restored is not what was backed up',
    why: failed.flatMap(({ differences }) => differences).join('; '),
    hints: ['run `ecomdb backup verify` on the snapshot, and restore another one'],
  })
}

function leftText({ makes }: RestorePlan): string {
  return `on the server now, perhaps incomplete: ${madeText(makes)}`
}

/** The same error, and what it leaves on the server. */
function withWhatIsThere(error: unknown, plan: RestorePlan): unknown {
  if (!(error instanceof EcomdbError)) return error
  const left = leftText(plan)
  const code: ErrorCode = error.code
  return new EcomdbError(code, {
    what: error.what,
    why: error.why ? `${error.why}; ${left}` : left,
    hints: [
      ...error.hints,
      'run the command again with --start-over: it removes what this restore made, and begins again',
    ],
    cause: error.cause ?? error,
  })
}

function reportOf(
  { envelope, manifest }: OpenedSnapshot,
  { plan, method }: Prepared,
): RestoreReport {
  return {
    snapshotId: envelope.snapshotId,
    consistentAt: envelope.consistentAt,
    serverVersion: manifest.serverVersion,
    databases: plan.makes.databases,
    tables: plan.tables.length,
    rows: plan.rows,
    bytes: plan.bytes,
    outcome: null,
    plan: plan.statements.map(({ stage, object, shown }) => ({ stage, object, sql: shown })),
    notes: plan.notes,
    method,
  }
}
