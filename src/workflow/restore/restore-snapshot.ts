import { randomUUID } from 'node:crypto'
import type { Clock } from '#core/clock'
import { adviseOnInterrupt } from '#core/interruption'
import type { Progress } from '#core/progress'
import type { RestoredTrailReport } from '#domain/audit/audit-report'
import type { AccountEntry } from '#domain/backup/manifest'
import { tablesElsewhere } from '#domain/backup/manifest-inside'
import type { RestorePlan } from '#domain/backup/restore-plan'
import { keysZone } from '#domain/backup/zone-of-source'
import type { AccountName } from '#domain/schema/service-accounts'
import type { RestoreProgress, RestoreTarget, WriterOptions } from '#engine/logical-writer'
import type { Session } from '#engine/session'
import { usingRepository } from '#repository/repository-use'
import { keepRestoredTrail } from '../audit/keep-restored-trail.ts'
import { openBefore } from './accounts-since.ts'
import { applyPlan, expectedChanges } from './apply-plan.ts'
import { databasesOf, findingsAhead } from './findings-ahead.ts'
import { leaversSince } from './leavers-since.ts'
import { leftOutTexts, replayBeside } from './left-out.ts'
import { rowsOf } from './load-rows.ts'
import { type OpenedSnapshot, openSnapshot, type SnapshotAccess } from './open-snapshot.ts'
import { openWriter } from './open-writer.ts'
import { otherServer, refuseUnknown, versionNotes } from './other-version.ts'
import { noteInOwnLog } from './own-log.ts'
import { placeTables } from './place-tables.ts'
import { proveContent } from './prove-content.ts'
import { brokenKeys } from './reaches-of-others.ts'
import { refuseOtherServers } from './refuse-other-servers.ts'
import { refuseWithoutPlugins } from './refuse-plugins.ts'
import { refuseSettings } from './refuse-settings.ts'
import { refusePowerlessDefiners, refuseViewsOfOthers } from './refuse-views.ts'
import { requireOwnMarks } from './require-own-marks.ts'
import { snapshotBeside } from './restore-beside.ts'
import { type RestoreJournal, readJournal, removeJournal, writeJournal } from './restore-journal.ts'
import type {
  RestoreOptions,
  RestoreOutcome,
  RestorePlace,
  RestoreReport,
} from './restore-options.ts'
import {
  checkAsked,
  choiceOf,
  confirm,
  interruptedBefore,
  journalToContinue,
  refuseDifferences,
  refuseDistrusted,
  refuseFull,
  refuseLoweredNames,
  refuseOtherFolding,
  refuseOthers,
  refuseReadOnly,
  refuseUnmarked,
  refuseWhereHashesAre,
  refuseWithoutKey,
  refuseWithoutPartialRevokes,
  replicaNotes,
} from './restore-refusals.ts'
import { bringZones, refuseWithoutZones, zoneNotes } from './time-zones.ts'
import { weakerDefiners } from './weaker-definers.ts'
import {
  askingForAdministrator,
  keptDefiners,
  leftDefiners,
  leftText,
  notAsTheyWere,
  smallerPages,
  withWhatIsThere,
} from './what-is-left.ts'

/**
 * `ecomdb restore`: a snapshot into a server that has none of its databases, or empty ones.
 * One that was interrupted is continued: what is committed is not loaded again.
 *
 * @throws EcomdbError TARGET_NOT_EMPTY, CONFIRMATION_REQUIRED, LOCKED (nothing was changed);
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
  const restore = async (): Promise<RestoreReport> => {
    try {
      return await restoreInUse(options, access, place, clock, progress)
    } catch (error) {
      throw askingForAdministrator(error)
    }
  }
  return await usingRepository(access.repository, restore)
}

async function restoreInUse(
  options: RestoreOptions,
  access: SnapshotAccess,
  place: RestorePlace,
  clock: Clock,
  progress: Progress,
): Promise<RestoreReport> {
  progress.stage('opening the snapshot')
  const whole = await openSnapshot(access, options.snapshot, progress)
  checkAsked(options, whole, place)
  const session = await place.engine.connect({ ...place.connect, database: undefined })
  try {
    if (options.dryRun) await place.engine.logicalWriter.refuseLocked(session)
    else await place.engine.logicalWriter.lock(session)
    const leavers = await leaversSince(access, whole.envelope.consistentAt)
    // A replay may name them, so then they go after it.
    const gone = options.sequel ? [] : leavers.accounts
    const beside = await snapshotBeside(options, gone, whole, place, session)
    const placed = placeTables(options, beside.snapshot)
    const { snapshot } = placed
    const prepared = await prepare(options, snapshot, place, session)
    const { plan, journal } = prepared
    const on = { engine: place.engine, session }
    const open = await openBefore(options.sequel, journal, on, plan.makes.databases)
    const isBeside = options.into !== undefined
    const told = isBeside ? [] : [...leavers.notes, ...leavers.unasked]
    const found = isBeside
      ? []
      : [...leavers.findings, ...(await rowsWithoutTrail(options, place, session))]
    const writer = place.engine.logicalWriter
    const ahead = await findingsAhead({ writer, session }, prepared, snapshot, options)
    const notes = [
      ...versionNotes(snapshot, prepared),
      ...replicaNotes(prepared.target),
      ...beside.notes,
      ...placed.notes,
      ...zoneNotes(prepared.target, snapshot.manifest, databasesOf(options)),
      ...told,
      ...ahead.notes,
    ]
    const report = reportOf(snapshot, prepared, notes, [...ahead.findings, ...found])
    if (options.dryRun) return report
    confirm(options, plan)
    if (options.startOver && journal) {
      const names = journal.databases
      refuseOthers(await place.engine.logicalWriter.databasesThere(session, names), plan.makes)
    }
    const left = isBeside ? [] : leftDefiners(whole.manifest, gone)
    const run = {
      ...{ options, access, snapshot, place, session, clock },
      leavers: leavers.accounts,
      ...{ left, open, told: report.findings },
    }
    const outcome = await execute(run, prepared, progress)
    return { ...report, findings: [...report.findings, ...notAsTheyWere(outcome)], outcome }
  } finally {
    await session.close()
  }
}

interface Run {
  options: RestoreOptions
  access: SnapshotAccess
  snapshot: OpenedSnapshot
  place: RestorePlace
  session: Session
  clock: Clock
  leavers: readonly AccountName[]
  left: readonly AccountEntry[]
  /** Who could log in before, where binary logs are replayed. */
  open: readonly AccountName[] | undefined
  /** Findings of before. */
  told: readonly string[]
}

interface Prepared {
  target: RestoreTarget
  plan: RestorePlan
  method: WriterOptions['method']
  /** Of the restore that was interrupted. */
  journal: RestoreJournal | null
  /** How far it came, when it is continued. */
  done: RestoreProgress | null
}

async function prepare(
  options: RestoreOptions,
  snapshot: OpenedSnapshot,
  { engine, connect }: RestorePlace,
  session: Session,
): Promise<Prepared> {
  const { manifest } = snapshot
  const isReplayed = options.sequel !== undefined
  if (options.inside) await bringZones(engine, connect, manifest, isReplayed)
  const writer = engine.logicalWriter
  const target = await writer.observe(session, manifest)
  refuseReadOnly(target)
  const journal = await readJournal(target.serverId)
  if (journal && !options.startOver && !options.resume) throw interruptedBefore(journal)
  if (journal) await requireOwnMarks(writer, session, journal)
  const resumed = options.resume ? journalToContinue(journal, snapshot, options) : null
  const done = resumed && (await writer.progress(session, manifest, resumed.restoreId))
  if (resumed && !done) refuseUnmarked(target.databases, resumed, true)
  const databases = databasesOf(options)
  refuseFull(target, databases, journal)
  if (databases === undefined) refuseWithoutPartialRevokes(target, manifest.accounts)
  const plan = writer.plan(manifest, target, {
    databases,
    // Without a journal on the server it was cut short before the first table.
    remove: done ? null : journal,
    resume: done && journal ? { progress: done, made: journal } : undefined,
    // Grants of the others would name what is not there.
    accounts: databases === undefined ? 'all' : 'definers',
    lockPeople: true,
    services: options.services,
    disableEvents: true,
  })
  refuseWhereHashesAre(target, manifest.accounts, plan.makes)
  refuseWithoutPlugins(target, manifest, plan)
  const isWanted = (schema: string): boolean => databases?.includes(schema) ?? true
  refuseUnknown(target, manifest, isWanted)
  refuseOtherServers(manifest, isWanted)
  refuseLoweredNames(target, manifest, isWanted)
  if (options.sequel) refuseOtherFolding(target, manifest)
  refuseDistrusted(target, manifest, isWanted)
  // A drill's finding is what the server says of the snapshot.
  if (!options.inside) {
    const others = options.into === undefined ? manifest.databases.map(({ name }) => name) : []
    await refuseViewsOfOthers(writer, session, target, manifest, isWanted, others)
  }
  await refusePowerlessDefiners(engine, session, manifest, isWanted, plan)
  refuseSettings(target, manifest, isWanted, options.binlog)
  refuseWithoutZones(target, manifest, isWanted, isReplayed)
  refuseWithoutKey(target, manifest, isWanted)
  return { target, plan, method: target.localInfile ? 'infile' : 'insert', journal, done }
}

/** Executes a plan; a failure tells what is on the server then. */
async function execute(run: Run, prepared: Prepared, progress: Progress): Promise<RestoreOutcome> {
  const { options, access, snapshot, place, session, clock } = run
  const { target, plan, method, done } = prepared
  const journal = journalOf(run, prepared)
  // A replay that was cut short may have made some, and the log would meet them again: before it is forgotten.
  if (prepared.journal?.replaying) await place.engine.sessionAccounts.drop(session, options.binlog)
  await writeJournal(journal)
  const started = clock.monotonicMs()
  const { binlog } = options
  const wanted = {
    ...{ connect: place.connect, writers: options.connections, binlog, method },
    restoreId: journal.restoreId,
    databases: journal.databases,
    lockedBy: session.connectionId,
    source: snapshot.manifest.settings,
  }
  const on = { engine: place.engine, session }
  const opened = await openWriter(on, prepared, wanted, () => noteUnlogged(run))
  const advise = (how: string) =>
    adviseOnInterrupt(`${leftText(plan)}; run the command again with ${how}`)
  let advised = advise('--resume, or with --start-over')
  let canResume = true
  try {
    const loaded = done?.loaded ?? []
    const applied = await applyPlan(access, snapshot, plan, opened.writer, progress, loaded)
    let { left } = applied
    const restored = clock.monotonicMs()
    const { manifest } = snapshot
    const changes = expectedChanges(databasesOf(options) ?? null, plan, applied.refusedGrants)
    const proof = { ...place, manifest, readers: options.connections, changes }
    const checks = await proveContent(proof, progress)
    refuseDifferences(checks)
    const proved = clock.monotonicMs()
    const { sequel } = options
    if (sequel) {
      await writeJournal({ ...journal, replaying: true, ...(run.open ? { open: run.open } : {}) })
      advised()
      advised = advise('--start-over')
      canResume = false
      left = await replayBeside({ ...on, wanted }, left, () =>
        sequel.run(manifest.settings, keysZone(manifest.settings, target), session.connectionId),
      )
      await place.engine.leavers.drop(session, run.leavers, binlog)
    }
    const trail = await keepTrail(run, progress)
    const unlogged = [...new Set([...opened.word, ...(await noteUnlogged(run))])]
    // This one first: where the connection is lost, there is still a restore to continue.
    const ended = [...(journal.startedOver ?? []), { restoreId: journal.restoreId, binlog }]
    await place.engine.logicalWriter.endJournal(session, ended)
    await removeJournal(target.serverId)
    advised()
    return {
      restoreMs: restored - started,
      readBackMs: proved - restored,
      ...leftOutTexts(left, applied.warnings),
      ...{ checks, unlogged, trail },
      brokenKeys: await brokenKeys(run, plan.makes.databases, progress),
      continuedRows: done && rowsOf(snapshot, done.loaded),
    }
  } catch (error) {
    const elsewhere = tablesElsewhere(snapshot.manifest, options.databases)
    const definers = keptDefiners(snapshot.manifest, databasesOf(options), target, plan)
    const pages = smallerPages(snapshot.manifest, target)
    const weaker = weakerDefiners(snapshot.manifest, databasesOf(options), plan)
    const of = { weaker, left: run.left, pages, other: otherServer(snapshot.manifest, target) }
    throw withWhatIsThere(error, { plan, elsewhere, definers, ...of }, canResume)
  } finally {
    advised()
  }
}

/** A restore that its server's log lacks begins, or has changed all that it will. */
async function noteUnlogged({ options, access, snapshot, place, session }: Run): Promise<string[]> {
  const { binlog, archive } = options
  if (binlog || !archive) return []
  const { sourceId } = snapshot.envelope
  return await noteInOwnLog(place, session, { archive, signers: access.trustedSigners, sourceId })
}

/** Rows of before under a trail of now differ from their events. */
async function rowsWithoutTrail(
  { databases }: RestoreOptions,
  { engine }: RestorePlace,
  session: Session,
): Promise<string[]> {
  const trail = databases ? await engine.auditTrail.readTrail(session) : null
  const store = engine.auditTrail.storeName(session, 'audit')
  if (!trail || !databases?.includes(trail.shopDatabase) || databases.includes(store)) return []
  return [
    `the rows of ${trail.shopDatabase} come back without ${store}, and are not what its events say: run \`ecomdb audit install --baseline\`, then \`ecomdb audit seal --accept REASON\`; rows that are gone by it stay findings`,
  ]
}

/** A trail that came back is older than its anchors, and that is no roll-back in secret. */
async function keepTrail(
  { options, snapshot, place, session, clock }: Run,
  progress: Progress,
): Promise<RestoredTrailReport | null> {
  const store = place.engine.auditTrail.storeName(session, 'audit')
  const asked = options.databases?.includes(store) ?? true
  const there = snapshot.manifest.databases.some(({ name }) => name === store)
  if (!place.trail || options.into !== undefined || !asked) return null
  // A replay can bring the trail as well.
  if (!there && !options.sequel) return null
  const { snapshotId, consistentAt } = snapshot.envelope
  const moment = options.sequel ? `, and on to ${options.sequel.moment}` : ''
  const reason = `ecomdb restore of snapshot ${snapshotId} of ${consistentAt}${moment}`
  const server = { ...place, reason, restoredAt: clock.now(), binlog: options.binlog }
  return await keepRestoredTrail(server, place.trail, progress)
}

/** Of this restore, and of the one before it, as long as not all that it made is gone. */
function journalOf(
  { options, snapshot, clock }: Run,
  { target, plan, journal, done }: Prepared,
): RestoreJournal & { restoreId: string } {
  const { databases, accounts } = plan.makes
  const isNew = (one: (typeof accounts)[number]): boolean =>
    !accounts.some(({ user, host }) => user === one.user && host === one.host)
  const { restoreId, choice, startedOver = [] } = journal ?? {}
  const before = restoreId ? [{ restoreId, binlog: choice?.binlog ?? true }] : []
  return {
    format: 1,
    restoreId: (done ? restoreId : undefined) ?? randomUUID(),
    startedOver: done ? startedOver : [...startedOver, ...before],
    choice: choiceOf(options),
    snapshotId: snapshot.envelope.snapshotId,
    serverId: target.serverId,
    startedAt: clock.now().toISOString(),
    databases: [...new Set([...databases, ...(journal?.databases ?? [])])],
    accounts: [...accounts, ...(journal?.accounts.filter(isNew) ?? [])],
  }
}

function reportOf(
  { envelope, manifest }: OpenedSnapshot,
  { plan, method }: Prepared,
  notes: readonly string[],
  findings: readonly string[],
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
    plan: plan.statements.map(({ stage, object, schema, shown }) => ({
      ...{ stage, object, schema },
      sql: shown,
    })),
    notes: [...notes, ...plan.notes],
    ...{ findings, method },
  }
}
