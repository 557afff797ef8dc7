import { join } from 'node:path'
import type { backupKeys } from '#config/config'
import type { Clock } from '#core/clock'
import { EcomdbError, messageOf } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'
import { stateFolder } from '#core/paths'
import type { Progress } from '#core/progress'
import { readDedupKey, readSigningKey } from '#crypto/key-files'
import type { LogicalBackupReport } from '#domain/backup/logical-backup-report'
import type { ConsistencyProof, Manifest } from '#domain/backup/manifest'
import { withoutSources } from '#domain/backup/position'
import type { Engine } from '#engine/engine'
import type { ConsistentPoint } from '#engine/logical-reader'
import { renderRestoreScripts } from '#engine/restore-scripts'
import { isGone } from '#engine/server-error'
import type { ConnectOptions } from '#engine/session'
import { openRepository, type Repository, type SnapshotWriter } from '#repository/repository'
import type { Target } from '#target/target'
import { closing } from './closing.ts'
import { placeFindings } from './place-findings.ts'
import { type StoredTables, storeTables } from './store-tables.ts'
import { withBeginOfFile } from './with-begin-of-file.ts'

export interface LogicalBackupOptions {
  engine: Engine
  connect: ConnectOptions
  target: Target
  keys: ReturnType<typeof backupKeys>
  /** null: every database but the server's own. */
  databases: readonly string[] | null
  /** Connections that read side by side. */
  readers: number
  /** Seconds to wait for a moment to lock in. */
  waitSeconds: number
  /** Seconds for which writers to tables without transactions may have to wait. */
  holdSeconds?: number
  clock: Clock
}

/**
 * `ecomdb backup logical`: rows, objects and accounts of one point in time, compressed,
 * encrypted, stored, and committed by a signed envelope that is written last. Whatever
 * happens before that leaves no snapshot, no lock on the server and no lock here; objects
 * that were stored stay, and are used by no one.
 */
export async function backUpLogically(
  options: LogicalBackupOptions,
  progress: Progress,
): Promise<LogicalBackupReport> {
  const startedMs = options.clock.monotonicMs()
  const startedAt = options.clock.now().toISOString()
  progress.stage('opening the repository')
  const repository = await openRepository(options.target)
  const { writer, sourceId } = await startSnapshot(repository, options)
  const closeWriter = closing(() => writer.close())
  try {
    const elsewhere = placeFindings(writer, progress)
    progress.stage('getting a consistent point')
    const point = await openPoint(options, sourceId, progress)
    const closePoint = closing(() => point.close())
    try {
      const { consistentAt } = point
      const position = await withBeginOfFile(options, sourceId, point.position, consistentAt)
      const stored = await readAndStore(point, writer, progress)
      progress.stage('comparing definitions')
      const proof = await point.finish()
      throwIfInterrupted()
      progress.stage('committing')
      const shown = { ...point, position, findings: [...point.findings, ...elsewhere] }
      await commit(options, writer, shown, proof, stored, startedAt)
      const durationMs = Math.round(options.clock.monotonicMs() - startedMs)
      return report(options, writer, shown, proof, stored, durationMs)
    } finally {
      await closePoint()
    }
  } catch (error) {
    throw isGone(error) ? droppedMeanwhile(error) : error
  } finally {
    await closeWriter()
  }
}

/** What was listed was dropped before it was locked or read: which statement finds that is a matter of chance. */
function droppedMeanwhile(cause: unknown): EcomdbError {
  return new EcomdbError('NOT_CONSISTENT', {
    what: 'the backup is not consistent and was given up',
    why: `something was dropped or renamed meanwhile: ${messageOf(cause)}`,
    hints: [
      'run the backup again when no DDL runs: what was stored is used again',
      'where it is the same table each time, see whether the server can open it: CHECK TABLE',
    ],
    cause,
  })
}

/** @throws EcomdbError LOCKED, CONFIG_INVALID, SECRET_MISSING, SERVER_UNREACHABLE */
async function startSnapshot(
  repository: Repository,
  { engine, connect, keys, clock }: LogicalBackupOptions,
): Promise<{ writer: SnapshotWriter; sourceId: string }> {
  const { recipients, trustedSigners, signingKeyFile, dedupKeyFile } = keys
  const signingKey = await readSigningKey(signingKeyFile)
  const dedupKey = await readDedupKey(dedupKeyFile)
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const sourceId = await engine.logicalReader.sourceId(session)
    const place = await engine.logicalReader.place(session)
    const writer = await repository.startSnapshot({
      recipients,
      trustedSigners,
      signingKey,
      dedupKey,
      ...{ sourceId, place },
      clock,
      journalFolder: join(stateFolder(), 'unfinished-backups'),
    })
    return { writer, sourceId }
  } finally {
    await session.close()
  }
}

async function openPoint(
  { engine, connect, databases, readers, waitSeconds, holdSeconds }: LogicalBackupOptions,
  sourceId: string,
  progress: Progress,
): Promise<ConsistentPoint> {
  const point = await engine.logicalReader.openConsistent({
    connect,
    databases,
    readers,
    waitSeconds,
    sourceId,
    ...(holdSeconds === undefined ? {} : { holdSeconds }),
    onStep: step => progress.stage(step),
  })
  for (const warning of [...point.warnings, ...point.findings]) progress.warn(warning)
  return point
}

async function readAndStore(
  point: ConsistentPoint,
  writer: SnapshotWriter,
  progress: Progress,
): Promise<StoredTables> {
  progress.stage('reading, compressing, encrypting and storing rows')
  const { tables } = point.catalog
  progress.total({ items: tables.reduce((sum, table) => sum + table.estimate.rows, 0) })
  return await storeTables(point, writer, progress)
}

async function commit(
  { engine, databases: asked }: LogicalBackupOptions,
  writer: SnapshotWriter,
  point: ConsistentPoint,
  proof: ConsistencyProof,
  { tables }: StoredTables,
  startedAt: string,
): Promise<void> {
  const {
    serverVersion,
    settings,
    databases,
    programs,
    accounts,
    spatialReferences,
    serverObjects,
    plugins,
    timeZones,
  } = point.catalog
  const manifest: Manifest = {
    format: 1,
    snapshotId: writer.snapshotId,
    engine: engine.family,
    serverVersion,
    position: point.position,
    proof,
    settings,
    databases,
    tables,
    programs,
    accounts,
    ...(spatialReferences.length ? { spatialReferences } : {}),
    ...(serverObjects.length ? { serverObjects } : {}),
    ...(plugins.length ? { plugins } : {}),
    timeZones,
    probes: point.probes,
    ...(point.findings.length ? { findings: point.findings } : {}),
  }
  const facts = {
    method: 'logical' as const,
    engine: engine.family,
    serverVersion,
    startedAt,
    consistentAt: point.consistentAt,
    scope: writer.scopeId(asked),
    position: withoutSources(point.position),
    tables: tables.map(({ schema, name, rows, chunks, chunkStep }) => ({
      id: writer.tableId(schema, name),
      rows,
      bytes: chunks.reduce((sum, chunk) => sum + chunk.bytes, 0),
      chunkStep,
    })),
  }
  await writer.commit(facts, manifest, renderRestoreScripts(manifest))
}

function report(
  { engine, target }: LogicalBackupOptions,
  writer: SnapshotWriter,
  point: ConsistentPoint,
  proof: ConsistencyProof,
  { tables, stored }: StoredTables,
  durationMs: number,
): LogicalBackupReport {
  const { serverVersion, databases, programs, accounts } = point.catalog
  return {
    snapshotId: writer.snapshotId,
    target: target.label,
    engine: engine.family,
    serverVersion,
    consistentAt: point.consistentAt,
    position: point.position,
    proof,
    databases: databases.map(({ name }) => name),
    tables: tables.length,
    programs: programs.length,
    accounts: accounts.length,
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
    bytes: tables.flatMap(table => table.chunks).reduce((sum, chunk) => sum + chunk.bytes, 0),
    stored,
    durationMs,
    findings: point.findings,
  }
}
