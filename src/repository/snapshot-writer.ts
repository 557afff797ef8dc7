import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { toolVersion } from '#core/version'
import { checkRecipients, encryptAge } from '#crypto/age-file'
import { objectId, recipientSet, scopeId, tableId } from '#crypto/object-id'
import { signStatement } from '#crypto/signed-statement'
import {
  REQUIRED_CAPABILITIES,
  type SnapshotEnvelope,
  type StoredObject,
} from '#domain/backup/envelope'
import type { Manifest } from '#domain/backup/manifest'
import type { RestoreScripts } from '#domain/backup/restore-scripts'
import { filesOnlyOf } from '#domain/retention/removable-files'
import { takeExclusiveLock } from '#process/exclusive-lock'
import type { Target } from '#target/target'
import type { Repository, SnapshotFacts, SnapshotOptions, SnapshotWriter } from './contract.ts'
import { envelopeFile, manifestFile, newObjectFile, objectIdOf, TOMBSTONES } from './layout.ts'
import { LockKeeper } from './lock-keeper.ts'
import { packManifest } from './manifest-file.ts'
import { useRepository } from './repository-use.ts'
import { putStarted, tombstonesOf } from './tombstones.ts'
import { readTrustedEnvelope, sha256Hex } from './trusted-files.ts'
import { UploadJournal } from './upload-journal.ts'
import { momentOfUuidV7, uuidV7 } from './uuid.ts'

/** Snapshots whose objects may be used again. More would cost time at the start of a backup. */
const SNAPSHOTS_TO_REUSE = 8

/** @throws EcomdbError LOCKED, CONFIG_INVALID, STORAGE_FAILED, TARGET_UNAVAILABLE */
export async function openSnapshotWriter(
  target: Target,
  repository: Repository,
  options: SnapshotOptions,
): Promise<SnapshotWriter> {
  await checkRecipients(options.recipients)
  const release = await lock(repository, options.sourceId)
  try {
    const { snapshots } = await repository.listSnapshots(options.trustedSigners)
    const parent = snapshots.filter(({ sourceId }) => sourceId === options.sourceId).at(-1) ?? null
    const snapshotId = uuidV7(momentAfter(parent, options.clock))
    await putStarted(
      target,
      {
        ...{ format: 1, repositoryId: repository.id, snapshotId, sourceId: options.sourceId },
        ...{ startedAt: options.clock.now().toISOString(), tool: toolVersion() },
      },
      options.signingKey,
    )
    // After started.json: who removes something looks for that first, and so is seen here.
    const condemned = await condemnedFiles(target, repository, snapshots, options)
    const damaged = await damagedPaths(repository, options.trustedSigners)
    const journal = options.journalFolder
      ? new UploadJournal(options.journalFolder, repository.id, options.sourceId)
      : null
    const unusable = new Set([...damaged, ...condemned])
    const known = reusable(snapshots, options.recipients, unusable)
    const journaled = new Set<string>()
    for (const [id, object] of (await journal?.read()) ?? []) {
      if (unusable.has(object.path)) continue
      known.set(id, object)
      journaled.add(object.path)
    }
    const start = { snapshotId, parent, known, journaled, journal, release }
    return new Writer(target, repository.id, options, start)
  } catch (error) {
    await release()
    throw error
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
  const ours = recipientSet(recipients).join()
  const known = new Map<string, StoredObject>()
  for (const { objects, recipients: theirs } of snapshots.slice(-SNAPSHOTS_TO_REUSE)) {
    if (recipientSet(theirs).join() !== ours) continue
    for (const object of objects) {
      if (!damaged.has(object.path)) known.set(objectIdOf(object.path), object)
    }
  }
  return known
}

/** What a snapshot begins with. */
interface SnapshotStart {
  snapshotId: string
  parent: SnapshotEnvelope | null
  known: Map<string, StoredObject>
  /** Paths that only the journal tells of. */
  journaled: ReadonlySet<string>
  journal: UploadJournal | null
  release: () => Promise<void>
}

class Writer implements SnapshotWriter {
  readonly snapshotId: string
  readonly parent: SnapshotEnvelope | null
  readonly #target: Target
  readonly #repositoryId: string
  readonly #options: SnapshotOptions
  readonly #release: () => Promise<void>
  readonly #journal: UploadJournal | null
  readonly #journaled: ReadonlySet<string>
  readonly #locks: LockKeeper
  /** What earlier snapshots and an unfinished one have, by object id. */
  readonly #known: Map<string, StoredObject>
  /** What this snapshot has or is storing, by object id. */
  readonly #storing = new Map<string, Promise<StoredObject>>()
  /** What may be named by this snapshot's manifest, by path. */
  readonly #owned = new Map<string, StoredObject>()
  #committed = false

  constructor(
    target: Target,
    repositoryId: string,
    options: SnapshotOptions,
    start: SnapshotStart,
  ) {
    this.#target = target
    this.#repositoryId = repositoryId
    this.#options = options
    this.#known = start.known
    this.#locks = new LockKeeper(target, options.clock)
    this.#journal = start.journal
    this.#release = start.release
    this.parent = start.parent
    this.#journaled = start.journaled
    this.snapshotId = start.snapshotId
  }

  tableId(schema: string, table: string): string {
    return tableId(this.#options.dedupKey, schema, table)
  }

  scopeId(databases: readonly string[] | null): string | null {
    return scopeId(this.#options.dedupKey, databases)
  }

  async storePiece(
    zstdFrames: readonly Uint8Array[],
    plaintextSha256: Buffer,
  ): Promise<{ stored: StoredObject; reused: boolean }> {
    const id = this.#objectId(plaintextSha256)
    const found = await this.#reuse(id)
    if (found) return { stored: found, reused: true }
    const storing = this.#storing.get(id) ?? this.#storeObject(id, zstdFrames)
    const reused = this.#storing.has(id)
    this.#storing.set(id, storing)
    return { stored: await storing, reused }
  }

  async commit(
    facts: SnapshotFacts,
    manifest: Manifest,
    scripts: RestoreScripts,
  ): Promise<SnapshotEnvelope> {
    if (this.#committed) throw new Error('a snapshot is committed once')
    const objects = this.#objectsOf(manifest)
    await this.#checkJournaled(objects)
    const packed = await packManifest(manifest, scripts, this.#owned)
    const stored = await this.#store(manifestFile(this.snapshotId), [packed])
    await this.#locks.holdAll(objects)
    const envelope: SnapshotEnvelope = {
      format: 1,
      requires: REQUIRED_CAPABILITIES.logical,
      repositoryId: this.#repositoryId,
      snapshotId: this.snapshotId,
      sourceId: this.#options.sourceId,
      ...facts,
      completedAt: this.#options.clock.now().toISOString(),
      tool: toolVersion(),
      manifest: stored,
      objects,
      parent: await this.#parentLink(),
      recipients: recipientSet(this.#options.recipients),
      lockUntil: this.#locks.lockUntil,
    }
    await this.#target.put(envelopeFile(this.snapshotId), [
      signStatement('snapshot', envelope, this.#options.signingKey),
    ])
    this.#committed = true
    await this.#journal?.remove()
    return envelope
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#storing.values())
    await this.#release()
  }

  /**
   * No envelope protects what an unfinished backup stored: an expire on another machine, which
   * began before this backup said so, may have removed it as a leftover.
   */
  async #checkJournaled(objects: readonly StoredObject[]): Promise<void> {
    for (const { path, bytes } of objects) {
      if (!this.#journaled.has(path)) continue
      if ((await this.#target.stat(path))?.sizeBytes === bytes) continue
      throw new EcomdbError('STORAGE_FAILED', {
        what: `${path} is not there any more`,
        why: 'it was left by a backup that was cut off, and was removed while this one ran',
        hints: ['run the backup again: no snapshot was made, and the next one stores it anew'],
      })
    }
  }

  #objectId(plaintextSha256: Buffer): string {
    return objectId(this.#options.dedupKey, this.#options.recipients, plaintextSha256)
  }

  /** An earlier object is used again only while it is there in full; else it is stored anew. */
  async #reuse(id: string): Promise<StoredObject | null> {
    const known = this.#known.get(id)
    if (!known) return null
    if (!this.#owned.has(known.path)) {
      const found = await this.#target.stat(known.path)
      const isThere = found?.sizeBytes === known.bytes && (await this.#locks.extend(known))
      if (!isThere) {
        this.#known.delete(id)
        return null
      }
      this.#owned.set(known.path, known)
    }
    return known
  }

  async #storeObject(id: string, plain: readonly Uint8Array[]): Promise<StoredObject> {
    const stored = await this.#store(newObjectFile(id), plain)
    await this.#journal?.add(id, stored)
    return stored
  }

  async #store(path: string, plain: readonly Uint8Array[]): Promise<StoredObject> {
    const body = await encryptAge(this.#options.recipients, plain)
    const bytes = body.reduce((sum, part) => sum + part.byteLength, 0)
    const sha256 = sha256Hex(...body)
    const receipt = await this.#target.put(path, body)
    const stored = this.#locks.stored({ path, bytes, sha256 }, receipt)
    this.#owned.set(path, stored)
    return stored
  }

  /** Every object that the manifest names, once, by path. */
  #objectsOf(manifest: Manifest): StoredObject[] {
    if (manifest.snapshotId !== this.snapshotId) {
      throw new Error(`the manifest is of snapshot ${manifest.snapshotId}`)
    }
    const paths = manifest.tables.flatMap(table =>
      table.chunks.flatMap(chunk => chunk.pieces.map(piece => piece.path)),
    )
    return [...new Set(paths)].sort().map(path => {
      const object = this.#owned.get(path)
      if (!object) throw new Error(`the manifest names ${path}, which this snapshot did not store`)
      return object
    })
  }

  async #parentLink(): Promise<SnapshotEnvelope['parent']> {
    if (!this.parent) return null
    const { snapshotId } = this.parent
    const { trustedSigners } = this.#options
    const trust = { repositoryId: this.#repositoryId, trustedSigners }
    const { sha256 } = await readTrustedEnvelope(this.#target, snapshotId, trust)
    return { snapshotId, sha256 }
  }
}

/** Ids sort as snapshots follow one another, even where the clock was set back. */
function momentAfter(parent: SnapshotEnvelope | null, clock: Clock): Date {
  const earliest = parent ? momentOfUuidV7(parent.snapshotId).getTime() + 1 : 0
  return new Date(Math.max(clock.now().getTime(), earliest))
}
