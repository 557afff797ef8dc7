import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { backupKeys } from '#config/config'
import type { Clock } from '#core/clock'
import { throwIfInterrupted } from '#core/interruption'
import { stateFolder } from '#core/paths'
import type { Progress } from '#core/progress'
import { readDedupKey, readSigningKey } from '#crypto/key-files'
import type { PhysicalBackupReport } from '#domain/backup/physical-backup-report'
import type { PhysicalManifest } from '#domain/backup/physical-manifest'
import { type Position, withoutSources } from '#domain/backup/position'
import type { Engine } from '#engine/engine'
import type { PhysicalFacts, PhysicalSource } from '#engine/physical-backup'
import { JOURNAL_SEEN, RESTORE_JOURNAL, unendedRestore } from '#engine/restore-journal-database'
import type { ConnectOptions } from '#engine/session'
import { makeOwnFolder } from '#process/own-folder'
import {
  type BaseSnapshot,
  openRepository,
  type Repository,
  type SnapshotWriter,
} from '#repository/repository'
import type { Target } from '#target/target'
import { requireSameSource } from '../same-source.ts'
import { closing } from './closing.ts'
import { findBase, requireWhole } from './find-base.ts'
import { placeFindings } from './place-findings.ts'
import { type StoredFiles, storeFiles } from './store-files.ts'
import { withBeginOfFile } from './with-begin-of-file.ts'

export interface PhysicalBackupOptions {
  engine: Engine
  connect: ConnectOptions
  target: Target
  keys: ReturnType<typeof backupKeys>
  /** A snapshot id, or 'latest': copy only what has changed since. null: everything. */
  base: string | null
  /** MySQL: where the server may write its clone. */
  cloneFolder: string | undefined
  /** MariaDB: seconds for which writers to tables without transactions may have to wait. */
  holdSeconds?: number
  clock: Clock
}

/**
 * `ecomdb backup physical`: the server's data files at one point in time, in blocks that are
 * compressed, encrypted and stored, and committed by a signed envelope that is written last.
 * Every program has ended well before that; whatever happens earlier leaves no snapshot.
 */
export async function backUpPhysically(
  options: PhysicalBackupOptions,
  progress: Progress,
): Promise<PhysicalBackupReport> {
  const startedMs = options.clock.monotonicMs()
  const startedAt = options.clock.now().toISOString()
  progress.stage('opening the repository')
  const repository = await openRepository(options.target)
  const source = await options.engine.physicalBackups.check(options.connect)
  const base = await findBase(repository, source, options)
  const writer = await startSnapshot(repository, source, options)
  const closeWriter = closing(() => writer.close())
  try {
    if (base) await requireWhole(writer, base)
    const elsewhere = placeFindings(writer, progress)
    const { facts, stored } = await copyAndStore(options, source, base, writer, progress)
    await requireSameSource(options, source.sourceId)
    throwIfInterrupted()
    progress.stage('committing')
    const consistentAt = facts.consistentAt.toISOString()
    const place = placeIn(source, facts)
    const position = await withBeginOfFile(options, source.sourceId, place, consistentAt)
    const told = new Set([...facts.findings, ...restoreInFiles(stored)])
    const findings = [...told, ...elsewhere]
    const shown = { ...facts, position, findings }
    const manifest = manifestOf(options, writer, source, base, shown, stored)
    await writer.commitPhysical({ ...factsOf(manifest), startedAt }, manifest, base, stored.frames)
    const durationMs = Math.round(options.clock.monotonicMs() - startedMs)
    return reportOf(options, manifest, stored, durationMs)
  } finally {
    await closeWriter()
  }
}

/** @throws EcomdbError LOCKED, CONFIG_INVALID, SECRET_MISSING */
async function startSnapshot(
  repository: Repository,
  { sourceId, place }: PhysicalSource,
  { keys, clock }: PhysicalBackupOptions,
): Promise<SnapshotWriter> {
  const { recipients, trustedSigners, signingKeyFile, dedupKeyFile } = keys
  return await repository.startSnapshot({
    recipients,
    trustedSigners,
    signingKey: await readSigningKey(signingKeyFile),
    dedupKey: await readDedupKey(dedupKeyFile),
    ...{ sourceId, place },
    clock,
    journalFolder: join(stateFolder(), 'unfinished-backups'),
  })
}

/** The programs and all they leave are gone again when the promise settles. */
async function copyAndStore(
  { engine, connect, cloneFolder, holdSeconds, clock }: PhysicalBackupOptions,
  source: PhysicalSource,
  base: BaseSnapshot | null,
  writer: SnapshotWriter,
  progress: Progress,
): Promise<{ facts: PhysicalFacts; stored: StoredFiles }> {
  const known = await writer.knownBlocks()
  for (const why of known.unread) progress.warn(`blocks are stored again: ${why}`)
  const workFolder = await makeOwnFolder(join(stateFolder(), 'physical'), 'backup')
  const removeFolder = closing(() => rm(workFolder, { recursive: true, force: true }))
  try {
    progress.stage('copying, compressing, encrypting and storing files')
    const left: string[] = []
    progress.total({ bytes: source.estimateBytes })
    const options = {
      ...{ connect, workFolder, cloneFolder, holdSeconds, since: base?.envelope.lsn ?? null },
      onStep: (step: string) => progress.stage(step),
      // Whatever becomes of the backup, and at once: a signal may end it.
      onLeft: (finding: string) => {
        left.push(finding)
        progress.warn(finding)
      },
      now: () => clock.now(),
    }
    const copy = await engine.physicalBackups.start(options, source)
    const closeCopy = closing(() => copy.close())
    let done: { facts: PhysicalFacts; stored: StoredFiles }
    try {
      const stored = await storeFiles(copy, writer, known, progress)
      done = { facts: await copy.finish(), stored }
    } finally {
      await closeCopy()
    }
    const findings = [...done.facts.findings, ...left]
    return { stored: done.stored, facts: { ...done.facts, findings } }
  } finally {
    await removeFolder()
  }
}

/** A restore into this server ran, or was cut short: its journal is in the files. */
function restoreInFiles({ files }: StoredFiles): string[] {
  const isThere = files.some(({ path }) => path.startsWith(`${RESTORE_JOURNAL}/`))
  return isThere ? [unendedRestore(JOURNAL_SEEN)] : []
}

function manifestOf(
  { engine }: PhysicalBackupOptions,
  { snapshotId }: SnapshotWriter,
  source: PhysicalSource,
  base: BaseSnapshot | null,
  facts: PhysicalFacts,
  { packs, files, blocks }: StoredFiles,
): PhysicalManifest {
  const { consistentAt, copiedBy, lockedMs, steps, lsn, findings, withoutFile, position } = facts
  return {
    format: 1,
    method: 'physical',
    snapshotId,
    engine: engine.family,
    serverVersion: source.serverVersion,
    ...{ copiedBy, position, consistentAt: consistentAt.toISOString(), lockedMs, steps },
    base: base ? { snapshotId: base.envelope.snapshotId, sha256: base.sha256 } : null,
    lsn,
    settings: source.settings,
    databases: source.databases,
    ...(findings.length ? { findings } : {}),
    ...(withoutFile.length ? { withoutFile } : {}),
    ...{ packs, files, blocks },
  }
}

/** A server that logs nothing of what it replicates has no place in a log to go on from. */
function placeIn({ unlogged }: PhysicalSource, { position }: PhysicalFacts): Position {
  return unlogged ? { ...position, file: null, offset: null } : position
}

function factsOf({ engine, serverVersion, consistentAt, position }: PhysicalManifest) {
  const facts = { engine, serverVersion, consistentAt, position: withoutSources(position) }
  return { method: 'physical' as const, ...facts, tables: [] }
}

function reportOf(
  { target }: PhysicalBackupOptions,
  manifest: PhysicalManifest,
  { stored, totals, files }: StoredFiles,
  durationMs: number,
): PhysicalBackupReport {
  const { snapshotId, engine, serverVersion, consistentAt, position, copiedBy } = manifest
  const { bytes, ...blocks } = totals
  return {
    snapshotId,
    target: target.label,
    ...{ engine, serverVersion, consistentAt, position, copiedBy },
    steps: manifest.steps,
    lockedMs: manifest.lockedMs,
    base: manifest.base?.snapshotId ?? null,
    databases: manifest.databases,
    files: files.filter(({ path }) => !path.endsWith('/')).length,
    ...{ bytes, blocks, stored, durationMs },
    findings: manifest.findings ?? [],
  }
}
