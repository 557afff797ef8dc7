import type { Clock } from '#core/clock'
import type { EcomdbError } from '#core/errors'
import type { Secret } from '#core/secret'
import type { SigningKey } from '#crypto/key-files'
import type { Attestation, AttestationClaim } from '#domain/backup/attestation'
import type { SnapshotEnvelope, StoredObject } from '#domain/backup/envelope'
import type { Manifest } from '#domain/backup/manifest'
import type { BlockPlace, PhysicalManifest } from '#domain/backup/physical-manifest'
import type { RestoreScripts } from '#domain/backup/restore-scripts'
import type { LeaverListing } from './leaver-receipts.ts'
import type { Trusted } from './trusted-files.ts'

/**
 * The write-once store over a target: objects, snapshots, attestations (docs/formats.md).
 * Nothing is ever overwritten; a snapshot is there when its signed envelope is.
 *
 * `trustedSigners` everywhere are Ed25519 public keys as `ed25519:<base64 of 32 bytes>`.
 * Whatever is not signed by one of them is not believed.
 */
export interface Repository {
  /** UUID, from ecomdb-repository.json. */
  readonly id: string
  /** For messages: the target's label. */
  readonly label: string

  /**
   * Begins a snapshot. It becomes visible by `commit` alone; one that is never committed
   * leaves objects that no one refers to, and blocks nothing.
   *
   * @throws EcomdbError LOCKED when this host already backs up the same source to this
   *   repository; SIGNATURE_INVALID, STORAGE_FAILED
   */
  startSnapshot(options: SnapshotOptions): Promise<SnapshotWriter>

  /** All snapshots, oldest first, and those whose envelope is not believed. */
  listSnapshots(trustedSigners: readonly string[]): Promise<SnapshotListing>

  /**
   * @param name a snapshot id, an unambiguous beginning of one, or 'latest'
   * @param method with 'latest': the newest of this method, where there is one; and of all databases,
   *   where its server has such a one
   * @throws EcomdbError SNAPSHOT_NOT_FOUND, SIGNATURE_INVALID (also for 'latest' when a newer
   *   envelope is there that is not believed), UNSUPPORTED (requires an unknown capability)
   */
  readEnvelope(
    name: string,
    trustedSigners: readonly string[],
    method?: SnapshotEnvelope['method'],
  ): Promise<SnapshotEnvelope>

  /**
   * As readEnvelope, by the full id, with the file's bytes and their hash.
   * @throws EcomdbError as readEnvelope
   */
  readSignedEnvelope(
    snapshotId: string,
    trustedSigners: readonly string[],
  ): Promise<Trusted<SnapshotEnvelope>>

  /** Is its envelope there now? Another host's expire removes it before anything else of it. */
  isThere(snapshotId: string): Promise<boolean>

  /** The id of the copy that this is; null for the repository that backups go to. */
  copyId(): Promise<string | null>

  /**
   * @throws EcomdbError WRONG_IDENTITY; OBJECT_DAMAGED when the stored bytes are not the
   *   envelope's, or the manifest is not this snapshot's; SNAPSHOT_NOT_FOUND when it was removed meanwhile
   */
  readManifest(envelope: SnapshotEnvelope, identities: readonly Secret[]): Promise<Manifest>

  /** The same of a physical snapshot. @throws EcomdbError as `readManifest` */
  readPhysicalManifest(
    envelope: SnapshotEnvelope,
    identities: readonly Secret[],
  ): Promise<PhysicalManifest>

  /**
   * A snapshot and the hash of its envelope, by which an incremental one names it.
   * @throws EcomdbError as `readEnvelope`
   */
  readBase(snapshotId: string, trustedSigners: readonly string[]): Promise<BaseSnapshot>

  /**
   * One object, checked against its SHA-256 and decrypted: zstd frames that follow one another.
   *
   * @param snapshotId that it is read for
   * @throws EcomdbError WRONG_IDENTITY, OBJECT_DAMAGED; SNAPSHOT_NOT_FOUND when the snapshot was removed meanwhile
   */
  readPiece(
    stored: StoredObject,
    identities: readonly Secret[],
    snapshotId?: string,
  ): Promise<Buffer>

  /**
   * The stored bytes of one object, checked against size and SHA-256; needs no identity.
   * @throws EcomdbError OBJECT_DAMAGED
   */
  readStored(stored: StoredObject): Promise<Buffer>

  /** Signs and stores a claim about a snapshot: the newest of all, also where the clock was set back. */
  putAttestation(claim: AttestationClaim, by: Attesting): Promise<Attestation>

  /** Attestations about a snapshot, or about all, oldest first. */
  listAttestations(
    trustedSigners: readonly string[],
    snapshotId?: string,
  ): Promise<AttestationListing>

  /** Receipts for people who have left, oldest first, and those that are not believed. */
  listLeavers(trustedSigners: readonly string[]): Promise<LeaverListing>
}

/** Who attests, and whose attestations count. */
export interface Attesting {
  signingKey: SigningKey
  trustedSigners: readonly string[]
  clock: Clock
}

export interface SnapshotOptions {
  /** age public keys: at least one; two or more are the rule (operations and escrow). */
  recipients: readonly string[]
  dedupKey: Secret
  signingKey: SigningKey
  trustedSigners: readonly string[]
  /** Which server this is; the same in every backup of it. */
  sourceId: string
  /** Where it runs, in words that are the same for each backup of it. */
  place?: string
  clock: Clock
  /**
   * A folder of this host's own where an unfinished backup notes what it has stored; the next
   * one then does not store that again. None: every interrupted backup begins anew.
   */
  journalFolder?: string
}

export interface SnapshotWriter {
  /** UUIDv7; the manifest carries it too. */
  readonly snapshotId: string
  /** The newest logical snapshot of the same source; its `chunkStep`s keep the borders stable. */
  readonly parent: SnapshotEnvelope | null
  /**
   * Does the server run where the one of the newest snapshot did, as far as that is known? returned: it does
   * not, and an earlier one did.
   */
  readonly place: 'same' | 'other' | 'returned'

  /** The keyed name of a table in the envelope. */
  tableId(schema: string, table: string): string

  /** The keyed name of the databases that were asked for; null: all. */
  scopeId(databases: readonly string[] | null): string | null

  /**
   * Stores one object, or finds that an earlier snapshot has the same bytes for the same
   * recipients. Safe to call several times at once. The promise resolves when it is durable.
   *
   * @param zstdFrames the compressed bytes, in order; their memory may be given back meanwhile
   * @param plaintextSha256 of the bytes before compression: the content's name
   * @param blocks where it is a pack of blocks: by these the next backup finds them, when this one is interrupted
   * @returns reused: an earlier snapshot, or an interrupted backup, had it; twice: this one had it already
   */
  storePiece(
    zstdFrames: readonly Uint8Array[],
    plaintextSha256: Buffer,
    blocks?: readonly BlockOfPack[],
  ): Promise<{ stored: StoredObject; reused: boolean; twice: boolean }>

  /**
   * Writes the manifest, then the signed envelope. Every object that the manifest names must
   * have come from this writer.
   */
  commit(
    facts: SnapshotFacts,
    manifest: Manifest,
    scripts: RestoreScripts,
  ): Promise<SnapshotEnvelope>

  /** What blocks of data files earlier physical snapshots have, and one that was interrupted on this host. */
  knownBlocks(): Promise<KnownBlocks>

  /** Whether a base lacks something here, or is about to be removed: why no increment may build on it, or null. */
  whyNoBase(base: BaseSnapshot): Promise<string | null>

  /**
   * Writes the block index, the manifest, then the signed envelope of a physical snapshot.
   *
   * @param base of an incremental one
   * @param frames how many each of the manifest's packs has, in its order
   */
  commitPhysical(
    facts: SnapshotFacts,
    manifest: PhysicalManifest,
    base: BaseSnapshot | null,
    frames: readonly number[],
  ): Promise<SnapshotEnvelope>

  /** Gives the lock back. Call it in a finally, whether `commit` was reached or not. */
  close(): Promise<void>
}

/** A block of data files, compressed as one frame of a pack. */
export interface BlockOfPack extends Omit<BlockPlace, 'pack'> {
  sha256: Buffer
}

/** Blocks by their SHA-256. Where one is, is asked of the repository at its first use. */
export interface KnownBlocks {
  /** How many there are. */
  readonly size: number
  /** Null where no earlier snapshot has it, or its pack is not there in full any more. */
  find(sha256: Buffer): Promise<{ pack: StoredObject; place: BlockPlace; frames: number } | null>
  /** Indexes that could not be used: their blocks are stored again. */
  unread: readonly string[]
}

/** A snapshot that another one builds on. */
export interface BaseSnapshot {
  envelope: SnapshotEnvelope
  /** Hex SHA-256 of the bytes of its snapshot.json. */
  sha256: string
}

/** What the envelope says and the writer does not know by itself. */
export type SnapshotFacts = Pick<
  SnapshotEnvelope,
  'method' | 'engine' | 'serverVersion' | 'startedAt' | 'consistentAt' | 'tables' | 'position'
>

export interface SnapshotListing {
  snapshots: readonly SnapshotEnvelope[]
  refused: readonly { snapshotId: string; error: EcomdbError }[]
}

export interface AttestationListing {
  attestations: readonly Attestation[]
  refused: readonly { name: string; snapshotId: string; error: EcomdbError }[]
}
