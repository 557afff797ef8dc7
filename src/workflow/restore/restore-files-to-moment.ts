import { resolve } from 'node:path'
import type { Clock } from '#core/clock'
import type { Progress } from '#core/progress'
import { countOf } from '#core/units'
import { type Check, checkOf } from '#domain/backup/check'
import { isHistoryOf, parseHistory } from '#domain/binlog/gtid-history'
import { GtidState } from '#domain/binlog/gtid-state'
import type { Moment } from '#domain/binlog/moment'
import type { ReplayReport } from '#domain/binlog/replay-report'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { ConnectOptions } from '#engine/session'
import { BinlogArchive } from '#repository/binlog-archive'
import { usingRepository } from '#repository/repository-use'
import type { Target } from '#target/target'
import { type ChosenStart, chooseStart } from './choose-snapshot.ts'
import type { PhysicalLayer } from './open-physical.ts'
import type { SnapshotAccess } from './open-snapshot.ts'
import { LOG_INSIDE } from './place-tables.ts'
import { asDamage, type FilesProof, proveFiles } from './prove-files.ts'
import { replayLog } from './replay-log.ts'
import { type ReplaySpan, replaySpan } from './replay-span.ts'
import {
  type FilesSequel,
  type PhysicalRestoreOptions,
  type PhysicalRestoreReport,
  restorePhysically,
} from './restore-physically.ts'
import { replayReportOf, requireWhole } from './restore-to-moment.ts'
import {
  pagesAgain,
  requirePlainPath,
  requireServerFor,
  startedCheck,
  withServerOnFiles,
} from './server-on-files.ts'

export interface FilesMomentOptions extends Omit<PhysicalRestoreOptions, 'sequel'> {
  /** Connections that read every table behind the replay; null: none is read. */
  readers: number | null
}

export interface FilesMomentReport extends PhysicalRestoreReport {
  replay: ReplayReport
}

/**
 * `ecomdb restore --data-dir --at|--gtid|--before-gtid`: the data files of the newest physical
 * snapshot from which an unbroken log leads to the moment; then the log, through a private server
 * on the files, which is stopped again. Accounts and events are left as they were at the moment.
 * With `readers` that server reads every table before.
 *
 * @throws EcomdbError OUTSIDE_WINDOW, TOOL_MISSING, UNSUPPORTED for another series of servers or an odd
 *   path: nothing was changed; what restorePhysically throws; SERVER_REFUSED for a statement of the
 *   log, CONTENT_MISMATCH: the directory is empty again
 */
export async function restoreFilesToMoment(
  options: FilesMomentOptions,
  moment: Moment,
  { access, target }: { access: SnapshotAccess; target: Target },
  engineFor: (family: EngineFamily) => Promise<Engine>,
  clock: Clock,
  progress: Progress,
): Promise<FilesMomentReport> {
  requirePlainPath(resolve(options.dataFolder))
  return await usingRepository(access.repository, async () => {
    progress.stage('finding the moment in the binary log')
    const archive = await BinlogArchive.open(target)
    const { snapshot, readers } = options
    const chosen = await chooseStart(archive, access, { snapshot }, moment, progress, 'physical')
    const engine = await engineFor(chosen.snapshot.engine)
    engine.binaryLog.replay.requirePrograms()
    await requireServerFor(engine, resolve(options.dataFolder), chosen.snapshot)
    const span = await replaySpan(archive, chosen, access.identities, engine.binaryLog.replay)
    const replay = replayReportOf(moment, chosen, span)
    progress.stage('reading the segments of the binary log')
    await requireWhole(span, archive)
    let ranOn: string | null = null
    const findings: string[] = []
    const replaying = { archive, access, span, chosen, clock, readers, replay, findings }
    const run: FilesSequel['run'] = async (engine, layer, folder, stays) => {
      const done = await replayOnFiles(replaying, { engine, layer, folder, stays }, progress)
      ranOn = done.version
      return done.checks
    }
    const sequel = { run, dropsSessions: true }
    const snapshotId = chosen.snapshot.snapshotId
    const restored = await restorePhysically(
      { ...options, snapshot: snapshotId, sequel },
      access,
      engineFor,
      clock,
      progress,
    )
    return {
      ...restored,
      // Files that a newer patch release has had open are its own.
      serverVersion: ranOn ?? restored.serverVersion,
      findings: [...restored.findings, ...findings],
      replay,
    }
  })
}

interface Replaying {
  archive: BinlogArchive
  access: SnapshotAccess
  span: ReplaySpan
  chosen: ChosenStart
  clock: Clock
  readers: number | null
  /** Gets its outcome. */
  replay: ReplayReport
  /** Are added to. */
  findings: string[]
}

interface FilesToReplayOn {
  engine: Engine
  layer: PhysicalLayer
  folder: string
  stays: boolean
}

/** The log, on a private server on the files, and where asked every table that it has then; their pages. */
async function replayOnFiles(
  replaying: Replaying,
  { engine, layer, folder, stays }: FilesToReplayOn,
  progress: Progress,
): Promise<{ checks: Check[]; version: string | null }> {
  progress.stage('starting a private server on the files')
  const { access, span, readers } = replaying
  const { manifest } = layer
  const proof: FilesProof = { checks: [], catalog: null, read: null }
  let proving = false
  let ranOn: string | null = null
  const { result, notes } = await withServerOnFiles(
    engine,
    folder,
    manifest,
    async (connect, version) => {
      ranOn = version
      const checks = [
        startedCheck(version),
        ...(await replayedChecks(replaying, { engine, connect }, manifest.settings, progress)),
      ]
      if (readers === null) return checks
      proving = true
      const place = { engine, connect, readers }
      const rows = { access, layer, place, replayed: span.transactions > 0 }
      await proveFiles(proof, rows, progress)
      proving = false
      return [...checks, ...proof.checks.filter(({ name }) => name !== 'gtids')]
    },
    { stays },
  ).catch(error => {
    throw proving ? asDamage(error) : error
  })
  replaying.findings.push(...notes)
  progress.stage('checking pages')
  const pages = await pagesAgain(engine, folder, manifest, 'the replay')
  return { checks: [...result, pages], version: ranOn }
}

async function replayedChecks(
  { archive, access, span, chosen, clock, replay, findings }: Replaying,
  place: { engine: Engine; connect: ConnectOptions },
  source: Readonly<Record<string, string>>,
  progress: Progress,
): Promise<Check[]> {
  const run = { archive, access, span, place, clock }
  // There is no log that it could write to.
  const how = { binlog: true, keepGtids: hasGtids(chosen, span), settle: null }
  const onElsewhere = (): void => void findings.push(LOG_INSIDE)
  const onFinding = (finding: string): void => void findings.push(finding)
  const told = { onElsewhere, onFinding, source }
  replay.outcome = await replayLog({ ...run, ...how, ...told }, progress)
  const { engine, connect } = place
  findings.push(...(await forgottenSources(engine, connect)))
  const next = chosen.next?.gtid ?? null
  return [
    checkOf('replay', replayed(span), []),
    await gtidsAfter(engine, connect, gtidsOf(chosen, span), next),
  ]
}

/** A server that had none goes on without. */
const hasGtids = ({ snapshot }: ChosenStart, { gtids }: ReplaySpan): boolean =>
  [snapshot.position?.gtidSet, gtids].some(set => set != null && set !== '')

/** Of the moment; where nothing is replayed, the snapshot's. */
const gtidsOf = ({ snapshot }: ChosenStart, { gtids, transactions }: ReplaySpan): string | null =>
  gtids ?? (transactions === 0 ? (snapshot.position?.gtidSet ?? null) : null)

const replayed = ({ transactions, segments }: ReplaySpan): string =>
  `${countOf(transactions, 'transaction')} of ${countOf(segments.length, 'segment')}, to the last statement`

/** Or it would take from its source what the moment leaves out. */
async function forgottenSources(engine: Engine, connect: ConnectOptions): Promise<string[]> {
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const sources = await engine.physicalBackups.forgetSources(session)
    return sources.map(
      source =>
        `it was a replica of ${source}, and is none any more: started as one it would have gone on, with what came after the moment; CHANGE REPLICATION SOURCE makes it one again`,
    )
  } finally {
    await session.close()
  }
}

/** Has the server had exactly the transactions that the archived log has before the moment? */
async function gtidsAfter(
  engine: Engine,
  connect: ConnectOptions,
  gtids: string | null,
  next: string | null,
): Promise<Check> {
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const found = await engine.physicalBackups.restoredGtids(session)
    if (found === null || gtids === null || (found === '' && gtids === '')) {
      const why = found === null ? untoldText(gtids) : 'there are none to compare'
      return { name: 'gtids', outcome: 'unchecked', summary: why, differences: [] }
    }
    const same =
      isHistoryOf(engine.family, gtids, found) &&
      !(next !== null && parseHistory(engine.family, found).has(next))
    const differences = same ? [] : [`the log has ${gtids}, and the restored server ${found}`]
    return checkOf('gtids', `the restored server has those of the log: ${found}`, differences)
  } finally {
    await session.close()
  }
}

/** MariaDB. A server that is to replicate from here needs the last of each domain. */
const untoldText = (gtids: string | null): string =>
  gtids
    ? `the files do not tell them; those of the log are ${GtidState.parse(gtids).position()}`
    : 'the files do not tell them'
