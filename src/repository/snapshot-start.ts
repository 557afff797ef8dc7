import { EcomdbError } from '#core/errors'
import { toolVersion } from '#core/version'
import { recipientSet } from '#crypto/object-id'
import type { SnapshotEnvelope, StoredObject } from '#domain/backup/envelope'
import { filesOnlyOf } from '#domain/retention/removable-files'
import { takeExclusiveLock } from '#process/exclusive-lock'
import type { Target } from '#target/target'
import type { Repository, SnapshotOptions } from './contract.ts'
import { endFile, objectIdOf, TOMBSTONES } from './layout.ts'
import { renewRecipe } from './renew-recipe.ts'
import { useRepository } from './repository-use.ts'
import { putEnded, putStarted, tombstonesOf } from './tombstones.ts'
import { UploadJournal } from './upload-journal.ts'
import { uuidV7Behind } from './uuid.ts'

/** Snapshots whose objects may be used again. More would cost time at the start of a backup. */
const SNAPSHOTS_TO_REUSE = 8

/**
 * Takes the lock, says that a backup began, and finds what may be used again.
 *
 * @throws EcomdbError LOCKED, STORAGE_FAILED, TARGET_UNAVAILABLE
 */
export async function beginSnapshot(
  target: Target,
  repository: Repository,
  options: SnapshotOptions,
): Promise<SnapshotStart> {
  const release = await lock(repository, options.sourceId)
  try {
    const { snapshots } = await repository.listSnapshots(options.trustedSigners)
    const own = snapshots.filter(({ sourceId }) => sourceId === options.sourceId)
    // Ids sort as snapshots follow one another, even where the clock was set back.
    const before = own.slice(-1).map(one => one.snapshotId)
    const snapshotId = uuidV7Behind(before, options.clock.now())
    const journal = options.journalFolder
      ? new UploadJournal(options.journalFolder, repository.id, options.sourceId)
      : null
    const { objects: stored, unended } = (await journal?.read()) ?? NOTHING
    await sayEnded(target, repository, [...unended], journal, options)
    await journal?.addBegun(snapshotId)
    await putStarted(
      target,
      {
        ...{ format: 1, repositoryId: repository.id, snapshotId, sourceId: options.sourceId },
        ...{ startedAt: options.clock.now().toISOString(), tool: toolVersion() },
      },
      options.signingKey,
    )
    await renewRecipe(target, options.clock.now())
    // After started.json: who removes something looks for that first, and so is seen here.
    const condemned = await condemnedFiles(target, repository, snapshots, options)
    const damaged = await damagedPaths(repository, options.trustedSigners)
    const unusable = new Set([...damaged, ...condemned])
    const known = reusable(snapshots, options.recipients, unusable)
    for (const [id, object] of stored) if (!unusable.has(object.path)) known.set(id, object)
    return { snapshotId, own, unusable, condemned, known, journal, release }
  } catch (error) {
    await release()
    throw error
  }
}

const NOTHING: Awaited<ReturnType<UploadJournal['read']>> = {
  objects: new Map(),
  unended: new Set(),
}

/**
 * Backups of this server on this host that will make no snapshot any more: under the lock there is
 * no other. Without this expire takes each for one that runs, until it is older than the longest.
 *
 * @throws EcomdbError TARGET_UNAVAILABLE
 */
export async function sayEnded(
  target: Target,
  { id: repositoryId }: Pick<Repository, 'id'>,
  snapshotIds: readonly string[],
  journal: UploadJournal | null,
  { clock, signingKey }: SnapshotOptions,
): Promise<void> {
  for (const snapshotId of snapshotIds) {
    const ended = { snapshotId, endedAt: clock.now().toISOString(), tool: toolVersion() }
    try {
      await putEnded(target, { format: 1, repositoryId, ...ended }, signingKey)
    } catch (error) {
      if (!(error instanceof EcomdbError) || error.code !== 'STORAGE_FAILED') throw error
      // It is there already, or the place does not take it now: then expire waits, as for one that runs, until
      // the next backup here has said it.
      if (!(await target.stat(endFile(snapshotId)).catch(() => null))) continue
    }
    await journal?.addEnded(snapshotId)
  }
}

/** One backup of a server at a time, and nothing is removed meanwhile. */
async function lock(repository: Repository, sourceId: string): Promise<() => Promise<void>> {
  const release = await takeExclusiveLock({
    name: `the backup of server ${sourceId} to ${repository.label} (${repository.id})`,
    waitMs: 0,
  })
  try {
    const leave = await useRepository(repository)
    return async () => {
      await leave()
      await release()
    }
  } catch (error) {
    await release()
    throw error
  }
}

/** What expire is going to remove: what only snapshots with a tombstone need, and leftovers. */
async function condemnedFiles(
  target: Target,
  repository: Repository,
  snapshots: readonly SnapshotEnvelope[],
  { trustedSigners, clock }: SnapshotOptions,
): Promise<ReadonlySet<string>> {
  const trust = { repositoryId: repository.id, trustedSigners }
  const named = await anyTombstone(target)
  if (!named) return new Set()
  const copyId = await repository.copyId()
  const { tombstones } = await tombstonesOf(target, trust, copyId, clock.now())
  const ids = new Set(tombstones.flatMap(one => one.snapshots.map(({ snapshotId }) => snapshotId)))
  const [gone, staying] = [
    snapshots.filter(({ snapshotId }) => ids.has(snapshotId)),
    snapshots.filter(({ snapshotId }) => !ids.has(snapshotId)),
  ]
  return new Set([...filesOnlyOf(gone, staying), ...tombstones.flatMap(({ objects }) => objects)])
}

/** Most repositories have none, and the copy's marker need not be asked for. */
async function anyTombstone(target: Target): Promise<boolean> {
  for await (const _ of target.list(TOMBSTONES)) return true
  return false
}

/** Paths that any trusted attestation about this place calls bad. */
async function damagedPaths(
  repository: Repository,
  trustedSigners: readonly string[],
): Promise<Set<string>> {
  const { attestations } = await repository.listAttestations(trustedSigners)
  const found = attestations.filter(({ damaged }) => damaged.length > 0)
  // What is damaged in another copy may be whole here. The marker is asked for only then: the
  // account that backs up may not be allowed to read it.
  const here = found.some(({ copyId }) => copyId) ? await repository.copyId() : null
  const ours = found.filter(({ copyId }) => (copyId ?? null) === here)
  return new Set(ours.flatMap(({ damaged }) => damaged.map(({ path }) => path)))
}

/** Object id → the object, from signed envelopes of the newest snapshots for the same recipients. */
function reusable(
  snapshots: readonly SnapshotEnvelope[],
  recipients: readonly string[],
  damaged: ReadonlySet<string>,
): Map<string, StoredObject> {
  const known = new Map<string, StoredObject>()
  const logical = snapshots.filter(({ method }) => method === 'logical')
  for (const { objects } of forRecipients(logical.slice(-SNAPSHOTS_TO_REUSE), recipients)) {
    for (const object of objects) {
      if (!damaged.has(object.path)) known.set(objectIdOf(object.path), object)
    }
  }
  return known
}

/** What is encrypted to other recipients is of no use: whoever lost a key could not read it. */
export function forRecipients(
  snapshots: readonly SnapshotEnvelope[],
  recipients: readonly string[],
): SnapshotEnvelope[] {
  const ours = recipientSet(recipients).join()
  return snapshots.filter(({ recipients: theirs }) => recipientSet(theirs).join() === ours)
}

/** What a snapshot begins with. */
export interface SnapshotStart {
  snapshotId: string
  /** Earlier ones of the same source, oldest first. */
  own: readonly SnapshotEnvelope[]
  /** Paths that are damaged, or about to be removed. */
  unusable: ReadonlySet<string>
  /** Those of them that are about to be removed. */
  condemned: ReadonlySet<string>
  known: Map<string, StoredObject>
  journal: UploadJournal | null
  release: () => Promise<void>
}
