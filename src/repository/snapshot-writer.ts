import { EcomdbError } from '#core/errors'
import { freeIfAlone, freeMemory } from '#core/free-memory'
import { evenIfInterrupted } from '#core/interruption'
import { toolVersion } from '#core/version'
import { checkRecipients, encryptAge } from '#crypto/age-file'
import { blockId, objectId, placeId, recipientSet, scopeId, tableId } from '#crypto/object-id'
import { signStatement } from '#crypto/signed-statement'
import { encodeBlockIndex } from '#domain/backup/block-index'
import {
  REQUIRED_CAPABILITIES,
  type SnapshotEnvelope,
  type StoredObject,
} from '#domain/backup/envelope'
import type { Manifest } from '#domain/backup/manifest'
import { contentBytes, type PhysicalManifest } from '#domain/backup/physical-manifest'
import type { RestoreScripts } from '#domain/backup/restore-scripts'
import type { Target } from '#target/target'
import type {
  BaseSnapshot,
  BlockOfPack,
  KnownBlocks,
  Repository,
  SnapshotFacts,
  SnapshotOptions,
  SnapshotWriter,
} from './contract.ts'
import { addInterrupted, readKnownBlocks } from './known-blocks.ts'
import {
  blockIndexFile,
  envelopeFile,
  manifestFile,
  newObjectFile,
  OBJECTS,
  SNAPSHOTS,
} from './layout.ts'
import { LockKeeper } from './lock-keeper.ts'
import { packManifest } from './manifest-file.ts'
import { packPhysicalManifest } from './physical-manifest-file.ts'
import { beginSnapshot, forRecipients, type SnapshotStart, sayEnded } from './snapshot-start.ts'
import { readTrustedEnvelope, sha256Hex } from './trusted-files.ts'
import type { UploadJournal } from './upload-journal.ts'

/** @throws EcomdbError LOCKED, CONFIG_INVALID, STORAGE_FAILED, TARGET_UNAVAILABLE */
export async function openSnapshotWriter(
  target: Target,
  repository: Repository,
  options: SnapshotOptions,
): Promise<SnapshotWriter> {
  await checkRecipients(options.recipients)
  const start = await beginSnapshot(target, repository, options)
  return new Writer(target, repository.id, options, start)
}

class Writer implements SnapshotWriter {
  readonly snapshotId: string
  readonly parent: SnapshotEnvelope | null
  readonly place: SnapshotWriter['place']
  readonly #placeId: string | undefined
  readonly #start: SnapshotStart
  readonly #target: Target
  readonly #repositoryId: string
  readonly #options: SnapshotOptions
  readonly #release: () => Promise<void>
  readonly #journal: UploadJournal | null
  readonly #locks: LockKeeper
  /** What earlier snapshots and an unfinished one have, by object id. */
  readonly #known: Map<string, StoredObject>
  /** What this snapshot has or is storing, by object id. */
  readonly #storing = new Map<string, Promise<StoredObject>>()
  /** What may be named by this snapshot's manifest, by path. */
  readonly #owned = new Map<string, StoredObject>()
  #committed = false
  /** The envelope was sent, or is about to be. */
  #publishing = false
  #unreachable = false

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
    this.#start = start
    this.parent = start.own.findLast(({ method }) => method === 'logical') ?? null
    this.snapshotId = start.snapshotId
    this.#placeId =
      options.place === undefined ? undefined : placeId(options.dedupKey, options.place)
    this.place = comparedPlace(start.own, this.#placeId)
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
    blocks?: readonly BlockOfPack[],
  ): Promise<{ stored: StoredObject; reused: boolean; twice: boolean }> {
    const id = this.#objectId(plaintextSha256)
    const found = await this.#reuse(id)
    if (found) return { stored: found, reused: true, twice: false }
    const twice = this.#storing.has(id)
    const storing = this.#storing.get(id) ?? this.#storeObject(id, zstdFrames, blocks)
    this.#storing.set(id, storing)
    return { stored: await storing, reused: false, twice }
  }

  async commit(
    facts: SnapshotFacts,
    manifest: Manifest,
    scripts: RestoreScripts,
  ): Promise<SnapshotEnvelope> {
    const objects = this.#objectsOf(manifest)
    const packed = await packManifest(manifest, scripts, this.#owned)
    return await this.#publish(facts, packed, { objects })
  }

  async knownBlocks(): Promise<KnownBlocks> {
    const { own, unusable } = this.#start
    const { recipients } = this.#options
    const usable = forRecipients(own, recipients)
    const { blocks, unread } = await readKnownBlocks(this.#target, usable, unusable)
    if (this.#journal) await addInterrupted(blocks, this.#journal.packs(), unusable)
    return {
      unread,
      size: blocks.size,
      find: async sha256 => {
        const found = blocks.get(this.#blockId(sha256).toString('latin1'))
        return found && (await this.#isThere(found.pack)) ? found : null
      },
    }
  }

  async whyNoBase({ envelope }: BaseSnapshot): Promise<string | null> {
    const needed = [envelope.manifest, ...envelope.objects]
    if (needed.some(({ path }) => this.#start.condemned.has(path))) {
      return 'it is about to be removed: a tombstone of `ecomdb backup expire` names it'
    }
    const folders = [OBJECTS, `${SNAPSHOTS}${envelope.snapshotId}/`]
    const lacking = await this.#lacking(folders, needed)
    return lacking && `${lacking.path}, which it needs, is not there, or not of its size`
  }

  async commitPhysical(
    facts: SnapshotFacts,
    manifest: PhysicalManifest,
    base: BaseSnapshot | null,
    frames: readonly number[],
  ): Promise<SnapshotEnvelope> {
    const { packs, blocks, lsn } = manifest
    const packed = await packPhysicalManifest(manifest, this.#owned)
    const ids = blocks.map(place => ({
      id: this.#blockId(Buffer.from(place.sha256, 'hex')),
      place,
    }))
    const index = await this.#storeBytes(blockIndexFile(this.snapshotId), [
      encodeBlockIndex({ packs, frames, blocks: ids }),
    ])
    const needed = [
      ...packs.map(path => this.#owned.get(path)),
      ...(base ? [...base.envelope.objects, base.envelope.manifest] : []),
      index,
    ]
    return await this.#publish(facts, packed, {
      requires: REQUIRED_CAPABILITIES.physical,
      objects: byPath(needed.filter(object => object !== undefined)),
      index: index.path,
      contentBytes: contentBytes(manifest),
      lsn,
      base: base?.envelope.snapshotId ?? null,
    })
  }

  /** Stores the manifest; then the envelope, which is the commit. */
  async #publish(
    facts: SnapshotFacts,
    packed: Uint8Array,
    own: Pick<SnapshotEnvelope, 'objects'> & Partial<SnapshotEnvelope>,
  ): Promise<SnapshotEnvelope> {
    if (this.#committed) throw new Error('a snapshot is committed once')
    const stored = await this.#store(manifestFile(this.snapshotId), [packed])
    await this.#locks.holdAll(own.objects, this.#chain(own.base ?? null))
    const envelope: SnapshotEnvelope = {
      format: 1,
      requires: REQUIRED_CAPABILITIES.logical,
      repositoryId: this.#repositoryId,
      snapshotId: this.snapshotId,
      sourceId: this.#options.sourceId,
      ...(this.#placeId === undefined ? {} : { place: this.#placeId }),
      ...facts,
      completedAt: this.#options.clock.now().toISOString(),
      tool: toolVersion(),
      manifest: stored,
      parent: await this.#parentLink(),
      recipients: recipientSet(this.#options.recipients),
      lockUntil: this.#locks.lockUntil,
      ...own,
    }
    await this.#checkThere([...own.objects, stored])
    this.#publishing = true
    await this.#target.put(envelopeFile(this.snapshotId), [
      signStatement('snapshot', envelope, this.#options.signingKey),
    ])
    this.#committed = true
    await this.#journal?.remove()
    return envelope
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#storing.values())
    try {
      // An envelope whose fate is unknown may still appear; and who cannot be reached is not asked again.
      const isUnsure = this.#publishing || this.#unreachable
      if (!isUnsure) await this.#sayEnded()
    } finally {
      await this.#release()
    }
  }

  /** What made the backup fail is told, and not that this could not be said, too. */
  async #sayEnded(): Promise<void> {
    const repository = { id: this.#repositoryId }
    await evenIfInterrupted(() =>
      sayEnded(this.#target, repository, [this.snapshotId], this.#journal, this.#options),
    ).catch(() => {})
  }

  /**
   * No envelope protects any of it before this one: an expire on another machine removes what an unfinished
   * backup left, and takes this one for dead where the clock here is behind.
   */
  async #checkThere(objects: readonly StoredObject[]): Promise<void> {
    const lacking = await this.#lacking([OBJECTS, `${SNAPSHOTS}${this.snapshotId}/`], objects)
    if (!lacking) return
    throw new EcomdbError('STORAGE_FAILED', {
      what: `${lacking.path} is not there any more`,
      why: 'it was removed while this backup ran: by an expire on another host, or by somebody',
      hints: [
        'run the backup again: no snapshot was made, and the next one stores it anew',
        'are the clocks of this host and of the one that expires right? `date -u`',
      ],
    })
  }

  /** The first that is not there in full. Listed once, as there are very many. */
  async #lacking(
    folders: readonly string[],
    objects: readonly StoredObject[],
  ): Promise<StoredObject | null> {
    const sizes = new Map<string, number>()
    for (const folder of folders) {
      for await (const { name, sizeBytes } of this.#target.list(folder)) sizes.set(name, sizeBytes)
    }
    for (const object of objects) {
      if (sizes.get(object.path) === object.bytes) continue
      // A listing may be late.
      if ((await this.#target.stat(object.path))?.sizeBytes !== object.bytes) return object
    }
    return null
  }

  #objectId(plaintextSha256: Buffer): string {
    return objectId(this.#options.dedupKey, this.#options.recipients, plaintextSha256)
  }

  /** An earlier object is used again only while it is there in full; else it is stored anew. */
  async #reuse(id: string): Promise<StoredObject | null> {
    const known = this.#known.get(id)
    if (!known) return null
    if (await this.#isThere(known)) return known
    this.#known.delete(id)
    return null
  }

  /** Is an earlier object there in full, and held? Then this snapshot may name it. */
  async #isThere(object: StoredObject): Promise<boolean> {
    if (this.#owned.has(object.path)) return true
    const found = await this.#target.stat(object.path)
    if (found?.sizeBytes !== object.bytes || !(await this.#locks.extend(object))) return false
    this.#owned.set(object.path, object)
    return true
  }

  async #storeObject(
    id: string,
    plain: readonly Uint8Array[],
    blocks: readonly BlockOfPack[] | undefined,
  ): Promise<StoredObject> {
    const stored = await this.#store(newObjectFile(id), plain)
    await this.#journal?.add(id, stored, blocks ? this.#indexOf(stored, blocks) : null)
    return stored
  }

  #indexOf({ path }: StoredObject, blocks: readonly BlockOfPack[]): Buffer {
    const ids = blocks.map(({ sha256, ...place }) => ({
      id: this.#blockId(sha256),
      place: { pack: 0, ...place },
    }))
    return encodeBlockIndex({ packs: [path], frames: [blocks.length], blocks: ids })
  }

  async #store(path: string, plain: readonly Uint8Array[]): Promise<StoredObject> {
    const body = await encryptAge(this.#options.recipients, plain, freeIfAlone)
    const stored = await this.#storeBytes(path, body)
    for (const part of body) freeMemory(part)
    return stored
  }

  async #storeBytes(path: string, body: readonly Uint8Array[]): Promise<StoredObject> {
    const bytes = body.reduce((sum, part) => sum + part.byteLength, 0)
    const sha256 = sha256Hex(...body)
    const receipt = await this.#target.put(path, body).catch((error: unknown) => {
      this.#unreachable ||= error instanceof EcomdbError && error.code === 'TARGET_UNAVAILABLE'
      throw error
    })
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
    return byPath(
      paths.map(path => {
        const object = this.#owned.get(path)
        if (object) return object
        throw new Error(`the manifest names ${path}, which this snapshot did not store`)
      }),
    )
  }

  #blockId(sha256: Buffer): Buffer {
    const { dedupKey, recipients } = this.#options
    return blockId(dedupKey, recipients, sha256)
  }

  /** The snapshots that an incremental one stands on, by id. */
  #chain(base: string | null): string[] {
    const found = this.#start.own.find(({ snapshotId }) => snapshotId === base)
    return base === null ? [] : [base, ...this.#chain(found?.base ?? null)]
  }

  async #parentLink(): Promise<SnapshotEnvelope['parent']> {
    const before = this.#start.own.at(-1)
    if (!before) return null
    const { snapshotId } = before
    const { trustedSigners } = this.#options
    const trust = { repositoryId: this.#repositoryId, trustedSigners }
    const { sha256 } = await readTrustedEnvelope(this.#target, snapshotId, trust)
    return { snapshotId, sha256 }
  }
}

/** Each once. */
function byPath(objects: readonly StoredObject[]): StoredObject[] {
  const paths = new Map(objects.map(object => [object.path, object]))
  return [...paths.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** @param own earlier snapshots of the same source, oldest first */
function comparedPlace(
  own: readonly SnapshotEnvelope[],
  here: string | undefined,
): SnapshotWriter['place'] {
  const places = own.flatMap(({ place }) => (place === undefined ? [] : [place]))
  if (here === undefined || places.length === 0 || places.at(-1) === here) return 'same'
  return places.includes(here) ? 'returned' : 'other'
}
