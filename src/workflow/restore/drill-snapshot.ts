import type { Clock } from '#core/clock'
import type { Progress } from '#core/progress'
import { readIdentities, type SigningKey } from '#crypto/key-files'
import { checkOf } from '#domain/backup/check'
import { type DrillReport, type MomentDrill, missedObjectives } from '#domain/backup/drill-report'
import { isPart } from '#domain/backup/envelope'
import { manifestInside, manifestInTheClear } from '#domain/backup/manifest-inside'
import type { RestorePlan } from '#domain/backup/restore-plan'
import { needsPartialRevokes } from '#domain/backup/restored-accounts'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import type { ConnectOptions } from '#engine/session'
import { pastCache } from '#repository/past-cache'
import { openRepository, type Repository } from '#repository/repository'
import { usingRepository } from '#repository/repository-use'
import { unsteadyReads } from '#repository/unsteady-reads'
import { signingKeyAtHand } from '../backup/keys-at-hand.ts'
import { whyNotStored } from '../backup/why-not-stored.ts'
import { applyPlan, expectedChanges } from './apply-plan.ts'
import { refuseBlame } from './drill-elsewhere.ts'
import { drillMoment } from './drill-moment.ts'
import { drillPhysically } from './drill-physically.ts'
import {
  type AboutSnapshot,
  type DrilledSnapshot,
  type DrillOptions,
  type DrillResult,
  findingOf,
} from './drilled-snapshot.ts'
import { type OpenedSnapshot, openSnapshot, type SnapshotAccess } from './open-snapshot.ts'
import { refuseOtherEndOfTime } from './other-version.ts'
import { proveContent } from './prove-content.ts'
import { refuseOtherServers } from './refuse-other-servers.ts'
import { withRoom } from './room-for-server.ts'
import { withDrillServer } from './scratch-drill-server.ts'
import { StageTimes } from './stage-times.ts'
import { bringZones, refuseWithoutZones } from './time-zones.ts'

export type { DrillOptions } from './drilled-snapshot.ts'

/**
 * `ecomdb drill`: restores a snapshot into a throw-away server, compares everything with
 * what the snapshot says, measures, and signs what was found.
 *
 * @returns a failed report when the snapshot does not come back as it was
 * @throws EcomdbError SIGNATURE_INVALID, WRONG_IDENTITY, SNAPSHOT_NOT_FOUND, TOOL_MISSING,
 *   SERVER_LOST: no drill took place
 */
export async function drillSnapshot(asked: DrillOptions, outer: Progress): Promise<DrillReport> {
  // What this host has in memory is not what it will read on the day.
  const options = { ...asked, target: pastCache(asked.target).target }
  const { clock, keys } = options
  const progress = new StageTimes(outer, clock)
  const startedAt = clock.now()
  const began = clock.monotonicMs()
  progress.stage('opening the snapshot')
  const access: SnapshotAccess = {
    repository: await openRepository(options.target),
    trustedSigners: keys.trustedSigners,
    identities: await readIdentities(keys.identityFiles),
    programsZone: options.programsZone,
  }
  const signingKey = await signingKeyAtHand(keys, outer)
  const envelope = await access.repository.readEnvelope(options.snapshot, keys.trustedSigners)
  const drill = envelope.method === 'physical' ? drillPhysically : drillLogically
  const found = await usingRepository(access.repository, () => drill(options, access, progress))
  const moment = await momentOf(options, envelope.sourceId, found, progress)
  progress.done()
  const checks = [...found.checks, ...(moment?.checks ?? [])]
  const { programVersion: scratchVersion = found.scratchVersion } = found
  refuseBlame({ ...found, checks }, { ...found.about, scratchVersion })
  const measured = {
    rtoMs: found.restoredAt - began,
    rpoMs: Math.max(0, startedAt.getTime() - Date.parse(found.about.consistentAt)),
  }
  const unsteady = unsteadyReads(options.target)
  const report: DrillReport = {
    ...found.about,
    ...(found.contentSha256 === undefined ? {} : { contentSha256: found.contentSha256 }),
    ...measured,
    outcome: checks.every(({ outcome }) => outcome !== 'failed') ? 'passed' : 'failed',
    scratchVersion: found.scratchVersion,
    startedAt: startedAt.toISOString(),
    completedAt: clock.now().toISOString(),
    objectives: options.objectives,
    missed: missedObjectives(options.objectives, measured),
    stages: progress.times(),
    checks,
    signer: signingKey?.signer ?? null,
    attestationId: null,
    ...(moment ? momentFigures(moment) : {}),
    ...(unsteady.length > 0 ? { unsteady } : {}),
  }
  const signing = { signingKey, isConfigured: keys.signingKeyFile !== undefined, clock }
  return await attested(report, found.damaged, access, signing, outer)
}

/** Only a snapshot that was proved is worth a replay. */
async function momentOf(
  options: DrillOptions,
  sourceId: string,
  { checks, settings }: DrilledSnapshot,
  progress: Progress,
): Promise<MomentDrill | null> {
  if (!options.anyMoment || checks.some(({ outcome }) => outcome === 'failed')) return null
  return await drillMoment(options, { sourceId, settings }, progress)
}

function momentFigures({ moment, transactions, rtoMs }: MomentDrill): Partial<DrillReport> {
  return { moment, momentTransactions: transactions, momentRtoMs: rtoMs }
}

/** Restores rows into a private server and compares everything. */
async function drillLogically(
  options: DrillOptions,
  access: SnapshotAccess,
  progress: Progress,
): Promise<DrilledSnapshot> {
  const snapshot = await openSnapshot(access, options.snapshot, progress)
  const engine = await options.engineFor(snapshot.envelope.engine)
  progress.stage('starting a private server')
  const { settings } = snapshot.manifest
  return await withDrillServer(engine, settings, async server => {
    const result = await drillOn(options, access, snapshot, { engine, server }, progress)
    progress.stage('removing the private server')
    const about = aboutSnapshot(snapshot, access.repository)
    return { ...result, about, scratchVersion: server.version, settings }
  })
}

/** Restores and compares; what fails is a finding, for a drill is there to find it. */
async function drillOn(
  options: DrillOptions,
  access: SnapshotAccess,
  snapshot: OpenedSnapshot,
  { engine, server }: { engine: Engine; server: RunningServer },
  progress: Progress,
): Promise<DrillResult> {
  const { envelope } = snapshot
  const { clock } = options
  const signature = checkOf(
    'signature',
    `envelope of ${envelope.snapshotId} and ${envelope.objects.length} objects by their signed SHA-256`,
    [],
  )
  const place = { engine, connect: server.administrator }
  try {
    const { checks, restoredAt } = await withRoom(engine.scratchServers, server.folder, () =>
      restoreAndProve(options, access, snapshot, place, progress),
    )
    return { checks: [signature, ...checks], damaged: [], restoredAt }
  } catch (error) {
    return { ...findingOf(error), restoredAt: clock.monotonicMs() }
  }
}

async function restoreAndProve(
  { clock, connections, onRestored }: DrillOptions,
  access: SnapshotAccess,
  snapshot: OpenedSnapshot,
  place: { engine: Engine; connect: ConnectOptions },
  progress: Progress,
): Promise<Pick<DrillResult, 'checks' | 'restoredAt'>> {
  const { manifest } = snapshot
  const plan = await drillPlan(snapshot, place)
  const writer = await place.engine.logicalWriter.open({
    connect: place.connect,
    writers: connections,
    binlog: true,
    throwAway: true,
    globals: needsPartialRevokes(manifest.accounts) ? ['partial_revokes = ON'] : [],
    method: 'infile',
    source: manifest.settings,
  })
  const { refusedGrants } = await applyPlan(access, snapshot, plan, writer, progress)
  const restoredAt = clock.monotonicMs()
  await onRestored?.(place.connect)
  const changes = { ...expectedChanges(null, plan, refusedGrants), inTheClear: true }
  const checks = await proveContent({ ...place, manifest, readers: connections, changes }, progress)
  return { checks, restoredAt }
}

/**
 * A table that lies elsewhere may lie there now, of the live server on this very host; and a private server
 * has no key to encrypt with.
 */
async function drillPlan(
  snapshot: OpenedSnapshot,
  { engine, connect }: { engine: Engine; connect: ConnectOptions },
): Promise<RestorePlan> {
  const manifest = manifestInTheClear(manifestInside(snapshot.manifest))
  await bringZones(engine, connect, manifest, false)
  const session = await engine.connect(connect)
  try {
    const target = await engine.logicalWriter.observe(session, manifest)
    refuseOtherEndOfTime(target, manifest, () => true)
    refuseWithoutZones(target, manifest, () => true, false)
    refuseOtherServers(manifest, () => true)
    return engine.logicalWriter.plan(manifest, target, {
      remove: null,
      accounts: 'all',
      // Nobody can reach the server, and accounts are to be compared as they were.
      lockPeople: false,
      services: [],
      disableEvents: true,
      installPlugins: true,
    })
  } finally {
    await session.close()
  }
}

function aboutSnapshot(
  { envelope, manifest }: OpenedSnapshot,
  repository: Repository,
): AboutSnapshot {
  const { tables, programs, accounts, databases } = manifest
  const total = (amounts: readonly number[]): number => amounts.reduce((sum, n) => sum + n, 0)
  return {
    repositoryId: repository.id,
    target: repository.label,
    snapshotId: envelope.snapshotId,
    sourceId: envelope.sourceId,
    method: envelope.method,
    ...(isPart(envelope) ? { part: true as const } : {}),
    engine: envelope.engine,
    sourceVersion: envelope.serverVersion,
    consistentAt: envelope.consistentAt,
    databases: databases.map(({ name }) => name),
    rows: total(tables.map(({ rows }) => rows)),
    tables: tables.length,
    objects: tables.length + programs.length + accounts.length,
    rowBytes: total(tables.flatMap(({ chunks }) => chunks.map(({ bytes }) => bytes))),
    storedBytes: total(envelope.objects.map(({ bytes }) => bytes)),
  }
}

interface DrillSigning {
  signingKey: SigningKey | null
  /** Does the configuration name one, be it that it cannot be used? */
  isConfigured: boolean
  clock: Clock
}

/** The report, signed and stored beside the snapshot, or why it is not; without a key in the configuration nobody asks for it. */
async function attested(
  report: DrillReport,
  damaged: DrillResult['damaged'],
  { repository, trustedSigners }: SnapshotAccess,
  { signingKey, isConfigured, clock }: DrillSigning,
  progress: Progress,
): Promise<DrillReport> {
  if (!signingKey || !trustedSigners.includes(signingKey.signer)) {
    progress.warn('no attestation was written: there is no signing key of a trusted signer here')
    if (!isConfigured) return report
    return {
      ...report,
      unattested: signingKey
        ? `the signing key's signer ${signingKey.signer} is not trusted`
        : 'the signing key cannot be read',
    }
  }
  const { snapshotId, outcome, startedAt, completedAt, attestationId: _none, ...details } = report
  try {
    const { attestationId } = await repository.putAttestation(
      { snapshotId, kind: 'drill', outcome, startedAt, completedAt, damaged, details },
      { signingKey, trustedSigners, clock },
    )
    return { ...report, attestationId }
  } catch (error) {
    const unattested = whyNotStored(error)
    progress.warn(`no attestation was written: ${unattested}`)
    return { ...report, unattested }
  }
}
