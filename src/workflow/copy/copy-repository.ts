import type { KeysConfig } from '#config/config'
import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import { formatBytes } from '#core/units'
import { toolVersion } from '#core/version'
import type { SnapshotEnvelope, StoredObject } from '#domain/backup/envelope'
import type { CopyPlace, CopyRecord, HeldSnapshot } from '#domain/copy/copy-record'
import { type CopyReport, isWorthAnother, REMOVED_MEANWHILE } from '#domain/copy/copy-report'
import { basesOf, copyOrder, newestOfEach } from '#domain/copy/plan-copy'
import { withExclusiveLock } from '#process/exclusive-lock'
import type { CopyMarker } from '#repository/copy-marker'
import { hasGone } from '#repository/has-gone'
import { COPIES, envelopeFile, LEAVERS } from '#repository/layout'
import { renewRecipe } from '#repository/renew-recipe'
import { openRepository, type Repository } from '#repository/repository'
import { usingRepository } from '#repository/repository-use'
import { newCopyRecordId, putCopyRecord } from '#repository/signed-records'
import { tombstonesOf } from '#repository/tombstones'
import type { Target } from '#target/target'
import { signingKeyAtHand } from '../backup/keys-at-hand.ts'
import { refusal } from '../backup/list-snapshots.ts'
import { whyNotStored } from '../backup/why-not-stored.ts'
import { Arrivals } from './arrival.ts'
import { carryLog, missingLogBytes } from './carry-log.ts'
import { carryAttestations, carryFiles } from './carry-records.ts'
import { readCopyNotes, writeCopyNote } from './copy-notes.ts'
import { isSourceDamage, SnapshotCopier } from './copy-snapshots.ts'
import { type CopyEjector, ejectDisk } from './eject-disk.ts'
import { knownWhole } from './last-visit.ts'
import { openCopy } from './open-copy.ts'

export interface CopyOptions {
  source: Target
  destination: Target
  /** What the configuration says of the destination. */
  place: CopyPlace
  /** Trusted signers; with a signing key the result is signed and stored in the source. */
  keys: KeysConfig
  /** Unmount the disk when all is done. */
  eject: CopyEjector | null
  clock: Clock
}

/** What the steps share. */
interface Work {
  source: Repository
  copy: Repository
  marker: CopyMarker
  /**
   * Ids of the snapshots that were whole when it was brought up to date; null: it never was. What else is in it
   * nobody has compared: other means may have brought it.
   */
  known: ReadonlySet<string> | null
  options: CopyOptions
  arrivals: Arrivals
  progress: Progress
}

/** What happened to the snapshots. */
type Snapshots = Pick<
  CopyReport,
  'copied' | 'healed' | 'incomplete' | 'skipped' | 'refused' | 'newestShows'
> & {
  whole: { snapshotId: string; envelopeSha256: string }[]
  newest: HeldSnapshot[]
  /** How many the copy has whole, with those that the repository has no more. */
  held: number
}

/**
 * `ecomdb backup copy`: brings a copy up to date with what it does not have, as ciphertext. It
 * needs no identity, and a signing key only to sign the record of it.
 *
 * @throws EcomdbError USAGE (it is the source itself), TARGET_UNAVAILABLE (the disk is not mounted), REPOSITORY_NOT_FOUND,
 *   LOCKED, STORAGE_FAILED (full, or bytes that did not arrive): what was copied whole stays
 */
export async function copyRepository(
  options: CopyOptions,
  progress: Progress,
): Promise<CopyReport> {
  progress.stage('opening the repository and the copy')
  const source = await openRepository(options.source)
  const marker = await openCopy(options.destination, source.id)
  if ((await source.copyId()) === marker.copyId) throw itself(marker, options.destination)
  if (options.eject && !marker.mounted) throw notADisk(marker, options.destination)
  const copy = await openRepository(options.destination)
  const arrivals = new Arrivals(options.destination)
  const trust = { repositoryId: source.id, trustedSigners: options.keys.trustedSigners }
  const known = await knownWhole(options, marker, trust, text => progress.warn(text))
  const work: Work = { source, copy, marker, known, options, arrivals, progress }
  const lock = { name: `the copy ${marker.copyId}`, waitMs: 0 }
  const report = await withExclusiveLock(lock, () =>
    usingRepository(source, () => usingRepository(copy, () => bringUpToDate(work))),
  )
  if (!options.eject) return report
  progress.stage('unmounting the disk')
  await ejectDisk(options.destination, options.eject)
  return { ...report, ejected: true }
}

async function bringUpToDate(work: Work): Promise<CopyReport> {
  const { source, marker, known, options, arrivals, progress } = work
  const earlier = (await readCopyNotes(source.id)).get(marker.copyId)
  await renewRecipe(options.destination, options.clock.now())
  const snapshots = await copySnapshots(work)
  const { files, bytes, readBack } = arrivals
  progress.stage('copying attestations and logs')
  const trust = { repositoryId: source.id, trustedSigners: options.keys.trustedSigners }
  const ids = new Set(snapshots.whole.map(({ snapshotId }) => snapshotId))
  const { source: from, destination: to } = options
  await carryAttestations(from, to, ids, trust, progress)
  const leavers = await carryFiles(LEAVERS, from, to, arrivals)
  const log = await carryLog(from, to, arrivals, trust.trustedSigners, known !== null)
  // Behind all that is compared: by its records a clone passes for the disk that they are of.
  const records = await carryFiles(COPIES, from, to, arrivals)
  const recorded = await record(work, snapshots)
  const { whole: _recorded, newest: _, held, ...found } = snapshots
  return {
    repositoryId: source.id,
    source: source.label,
    copy: {
      copyId: marker.copyId,
      label: marker.label,
      name: options.place.name,
      directory: options.destination.label,
    },
    outcome: found.incomplete.length + log.damaged.length > 0 ? 'failed' : 'passed',
    again: isWorthAnother(found.incomplete),
    snapshots: held,
    ...found,
    refused: [...found.refused, ...leavers, ...records, ...log.refused],
    damagedLog: log.damaged,
    ...{ files, bytes, readBack: files > 0 ? readBack : null },
    lastSeenAt: earlier?.lastSeenAt ?? null,
    ...recorded,
    ejected: false,
  }
}

async function copySnapshots(work: Work): Promise<Snapshots> {
  const { source, copy, known, options, progress } = work
  const { trustedSigners } = options.keys
  progress.stage('comparing')
  const here = await source.listSnapshots(trustedSigners)
  const there = await copy.listSnapshots(trustedSigners)
  const copier = await copierOf(work, here.snapshots, there.snapshots)
  const blocked = new Set(there.refused.map(({ snapshotId }) => snapshotId))
  const expired = await expiredSnapshots(work)
  const possible = copyOrder(here.snapshots).filter(({ snapshotId }) => !blocked.has(snapshotId))
  for (const { snapshotId } of there.snapshots) expired.delete(snapshotId)
  for (const id of basesOf(possible, ({ snapshotId }) => !expired.has(snapshotId)))
    expired.delete(id)
  const todo = possible.filter(({ snapshotId }) => !expired.has(snapshotId))
  const skipped = possible.map(({ snapshotId }) => snapshotId).filter(id => expired.has(id))
  const found: Snapshots = {
    ...{ copied: [], healed: [], incomplete: [], skipped, whole: [], newestShows: null },
    newest: [],
    held: 0,
    refused: [
      ...here.refused.map(one => refusal(`snapshot ${one.snapshotId}`, one.error)),
      ...there.refused.map(one => refusal(`snapshot ${one.snapshotId} in the copy`, one.error)),
    ],
  }
  const bytes = copier.missingBytes(todo)
  const ofLog = await missingLogBytes(options.source, options.destination, trustedSigners)
  await checkRoom(options.destination, bytes, ofLog)
  progress.stage('copying what is missing, and reading it back')
  progress.total({ bytes })
  // What the copy alone has was whole when it was brought.
  const inSource = new Set(here.snapshots.map(({ snapshotId }) => snapshotId))
  const whole = new Set(
    there.snapshots.map(({ snapshotId }) => snapshotId).filter(id => known && !inSource.has(id)),
  )
  for (const { snapshotId, base } of todo) {
    if (base && !whole.has(base)) {
      if (!(await source.isThere(snapshotId))) {
        found.skipped.push(snapshotId)
        continue
      }
      // It would be of no use there, and must not count as a copy.
      const problem = `it builds on ${base}, which is not whole in the copy`
      found.incomplete.push({ snapshotId, problem })
      continue
    }
    try {
      const envelope = await source.readSignedEnvelope(snapshotId, trustedSigners)
      const outcome = await copier.copy(envelope)
      if (outcome !== 'present') found[outcome].push(snapshotId)
      if (outcome === 'skipped') continue
      found.whole.push({ snapshotId, envelopeSha256: envelope.sha256 })
      whole.add(snapshotId)
    } catch (error) {
      if (await hasGone(error, source, snapshotId)) {
        found.skipped.push(snapshotId)
        continue
      }
      if (!isSourceDamage(error)) throw error
      found.incomplete.push({ snapshotId, problem: error.message })
    }
  }
  withoutGone(found, whole, todo, await removedInSpite(work, copier, here.snapshots, todo, whole))
  const either = [...here.snapshots, ...there.snapshots]
  found.held = whole.size
  found.newest = newestOfEach(either.filter(({ snapshotId }) => whole.has(snapshotId)))
  return found
}

async function copierOf(
  work: Work,
  snapshots: readonly SnapshotEnvelope[],
  there: readonly SnapshotEnvelope[],
): Promise<SnapshotCopier> {
  const { source, arrivals, progress, options } = work
  const { destination, clock } = options
  const named = await namedFiles(work, there)
  return await SnapshotCopier.open({
    ...{ source, destination, arrivals, progress, named, snapshots, clock },
  })
}

/**
 * An expire of the copy on another host does not know of this one, and takes what a copy that was cut off had
 * brought, or what is used again: a snapshot must not be listed there without it, and it is brought once more.
 *
 * @returns by snapshot, a file of it that is not there even so
 */
async function removedInSpite(
  work: Work,
  copier: SnapshotCopier,
  snapshots: readonly SnapshotEnvelope[],
  todo: readonly SnapshotEnvelope[],
  whole: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const { copy, source, options } = work
  const { trustedSigners } = options.keys
  const gone = await copier.removedMeanwhile(todo)
  const lacking = todo.filter(({ snapshotId }) => {
    const path = gone.get(snapshotId)
    return path !== undefined && path !== envelopeFile(snapshotId) && whole.has(snapshotId)
  })
  if (lacking.length === 0) return gone
  const there = await copy.listSnapshots(trustedSigners)
  const again = await copierOf(work, snapshots, there.snapshots)
  for (const { snapshotId } of lacking) {
    try {
      await again.copy(await source.readSignedEnvelope(snapshotId, trustedSigners))
    } catch (error) {
      const isToldBelow = isSourceDamage(error) || (await hasGone(error, source, snapshotId))
      if (!isToldBelow) throw error
    }
  }
  return await again.removedMeanwhile(todo)
}

/** What was whole, and is not any more, does not count as copied, nor what builds on it. */
function withoutGone(
  found: Snapshots,
  whole: Set<string>,
  todo: readonly SnapshotEnvelope[],
  gone: ReadonlyMap<string, string>,
): void {
  for (const { snapshotId, base } of todo) {
    const path = gone.get(snapshotId) ?? (base && !whole.has(base) ? envelopeFile(base) : null)
    if (path === null || !whole.delete(snapshotId)) continue
    found.incomplete.push({ snapshotId, problem: `${path} ${REMOVED_MEANWHILE}` })
  }
  found.whole = found.whole.filter(({ snapshotId }) => whole.has(snapshotId))
  found.copied = found.copied.filter(id => whole.has(id))
  found.healed = found.healed.filter(id => whole.has(id))
  const shows = todo.filter(({ snapshotId }) => whole.has(snapshotId)).map(one => one.consistentAt)
  found.newestShows = shows.sort().at(-1) ?? null
}

/** What expire is going to remove from the source, and what it ever removed from the copy. */
async function expiredSnapshots({ source, marker, options }: Work): Promise<Set<string>> {
  const trust = { repositoryId: source.id, trustedSigners: options.keys.trustedSigners }
  const now = options.clock.now()
  const found = [
    await tombstonesOf(options.source, trust, await source.copyId(), now),
    await tombstonesOf(options.destination, trust, marker.copyId),
  ]
  return new Set(
    found.flatMap(({ tombstones }) =>
      tombstones.flatMap(one => one.snapshots.map(({ snapshotId }) => snapshotId)),
    ),
  )
}

/**
 * What envelopes in the copy name was read back when it came, by the record of it. What an attestation about
 * this copy calls damaged since then has to be looked at again.
 */
async function namedFiles(
  { copy, marker, known, options }: Work,
  snapshots: readonly SnapshotEnvelope[],
): Promise<Map<string, StoredObject>> {
  if (!known) return new Map()
  const { attestations } = await copy.listAttestations(options.keys.trustedSigners)
  const doubtful = new Set(
    attestations
      .filter(({ copyId }) => copyId === marker.copyId)
      .flatMap(({ damaged }) => damaged.map(({ path }) => path)),
  )
  const compared = snapshots.filter(({ snapshotId }) => known.has(snapshotId))
  const files = compared.flatMap(({ objects, manifest }) => [...objects, manifest])
  return new Map(
    files.filter(({ path }) => !doubtful.has(path)).map(file => [file.path, file] as const),
  )
}

/** @throws EcomdbError STORAGE_FAILED before anything is written */
async function checkRoom(destination: Target, ofSnapshots: number, ofLog: number): Promise<void> {
  const { space, refusal: why } = await destination.inspect()
  if (why) {
    throw new EcomdbError('STORAGE_FAILED', {
      what: `${destination.label} cannot be written`,
      why,
      hints: ['repair its permissions, or mount it writable'],
    })
  }
  const bytes = ofSnapshots + ofLog
  if (!space || space.freeBytes >= bytes) return
  const binlog = ofLog > 0 ? `, ${formatBytes(ofLog)} of it the binary log` : ''
  throw new EcomdbError('STORAGE_FAILED', {
    what: `${destination.label} is too small`,
    why: `${formatBytes(bytes)} are missing in the copy${binlog}, and ${formatBytes(space.freeBytes)} are free`,
    hints: ['use a larger disk; nothing was copied'],
  })
}

/** The signed record in the source where that can be, and a note on this host in any case. */
async function record(
  work: Work,
  found: Snapshots,
): Promise<Pick<CopyReport, 'recordId' | 'recordProblem'>> {
  const { source, marker, options, arrivals, progress } = work
  const at = options.clock.now()
  const about = { copyId: marker.copyId, label: marker.label, ...options.place }
  await writeCopyNote({
    ...{ format: 1, repositoryId: source.id, ...about, directory: options.destination.label },
    lastSeenAt: at.toISOString(),
    snapshots: found.whole.map(({ snapshotId }) => snapshotId),
    newest: found.newest,
  })
  const key = await signingKeyAtHand(options.keys, progress)
  if (!key && !options.keys.signingKeyFile) return { recordId: null, recordProblem: null }
  if (!key) return noRecord('the signing key cannot be read')
  if (!options.keys.trustedSigners.includes(key.signer)) {
    return noRecord(`the signing key's signer ${key.signer} is not trusted`)
  }
  const { whole: snapshots, incomplete, newest } = found
  const trust = { repositoryId: source.id, trustedSigners: options.keys.trustedSigners }
  try {
    const recordId = await newCopyRecordId(options.source, trust, marker.copyId, at)
    const unmarked: CopyRecord = {
      ...{ format: 1, repositoryId: source.id, recordId, ...about, at: at.toISOString() },
      ...{ tool: toolVersion(), readBack: arrivals.readBack, snapshots, incomplete },
      newest,
    }
    const marked = { ...unmarked, inCopy: true } as const
    // There first: what the repository says of the disk must be on it, wherever this is cut off.
    const isInCopy = await putCopyRecord(options.destination, marked, key).then(() => true, isNot)
    await putCopyRecord(options.source, isInCopy ? marked : unmarked, key)
    return { recordId, recordProblem: null }
  } catch (error) {
    return noRecord(whyNotStored(error))
  }
}

function isNot(error: unknown): false {
  if (error instanceof EcomdbError && error.code === 'STORAGE_FAILED') return false
  throw error
}

const noRecord = (recordProblem: string) => ({ recordId: null, recordProblem })

/** Where the first repository is lost, backups go to what was its copy: a job that copied there has to go elsewhere. */
function itself({ label }: CopyMarker, { label: directory }: Target): EcomdbError {
  return new EcomdbError('USAGE', {
    what: `will not copy ${label} to itself`,
    why: `${directory} has the marker of the place that is copied from`,
    hints: [
      'name another place with --to',
      'for one that was cloned with its marker: take ecomdb-copy.json away there, and run `ecomdb target prepare`',
    ],
  })
}

function notADisk({ label }: CopyMarker, { label: directory }: Target): EcomdbError {
  return new EcomdbError('USAGE', {
    what: `${label} cannot be ejected`,
    why: `${directory} was prepared as a folder (--same-disk), not as a disk of its own`,
    hints: ['leave --eject out'],
  })
}
