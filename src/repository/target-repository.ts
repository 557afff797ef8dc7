import { EcomdbError } from '#core/errors'
import type { Secret } from '#core/secret'
import { toolVersion } from '#core/version'
import { decryptAge } from '#crypto/age-file'
import { signStatement } from '#crypto/signed-statement'
import type { Attestation, AttestationClaim } from '#domain/backup/attestation'
import type { SnapshotEnvelope, StoredObject } from '#domain/backup/envelope'
import type { Manifest } from '#domain/backup/manifest'
import type { PhysicalManifest } from '#domain/backup/physical-manifest'
import type { Target } from '#target/target'
import type {
  AttestationListing,
  Attesting,
  BaseSnapshot,
  Repository,
  SnapshotListing,
  SnapshotOptions,
  SnapshotWriter,
} from './contract.ts'
import { readCopyMarker } from './copy-marker.ts'
import { hasGone } from './has-gone.ts'
import {
  ATTESTATIONS,
  attestationFile,
  envelopeFile,
  idsOfAttestationFile,
  SNAPSHOTS,
  snapshotOfEnvelopeFile,
} from './layout.ts'
import { type LeaverListing, leaverReceipts } from './leaver-receipts.ts'
import { unpackManifest } from './manifest-file.ts'
import { unpackPhysicalManifest } from './physical-manifest-file.ts'
import { damaged, readSteadily } from './read-again.ts'
import { openSnapshotWriter } from './snapshot-writer.ts'
import {
  ABOUT_ONE_FILE,
  noSuchSnapshot,
  readTrustedAttestation,
  readTrustedEnvelope,
  sha256Hex,
  type Trusted,
} from './trusted-files.ts'
import { uuidV7, uuidV7Behind } from './uuid.ts'

/** The repository in a target whose ecomdb-repository.json was read. */
export class TargetRepository implements Repository {
  readonly id: string
  readonly label: string
  readonly #target: Target
  #copyId: Promise<string | null> | undefined

  constructor(target: Target, id: string) {
    this.#target = target
    this.id = id
    this.label = target.label
  }

  async startSnapshot(options: SnapshotOptions): Promise<SnapshotWriter> {
    return await openSnapshotWriter(this.#target, this, options)
  }

  async listSnapshots(trustedSigners: readonly string[]): Promise<SnapshotListing> {
    const snapshots: SnapshotEnvelope[] = []
    const refused: { snapshotId: string; error: EcomdbError }[] = []
    for (const snapshotId of await this.#snapshotIds('')) {
      try {
        snapshots.push(await this.#envelope(snapshotId, trustedSigners))
      } catch (error) {
        // Another host's expire has removed it since it was listed.
        if (await hasGone(error, this, snapshotId)) continue
        if (!(error instanceof EcomdbError) || !ABOUT_ONE_FILE.has(error.code)) throw error
        refused.push({ snapshotId, error })
      }
    }
    return { snapshots, refused }
  }

  async readEnvelope(
    name: string,
    trustedSigners: readonly string[],
    method?: SnapshotEnvelope['method'],
  ): Promise<SnapshotEnvelope> {
    const found = await this.#snapshotIds(name === 'latest' ? '' : name)
    const latest = found.at(-1)
    if (latest === undefined) throw noSuchSnapshot(name, this.label, await this.copyId())
    if (name === 'latest') return await this.#newest(found, trustedSigners, method)
    const exact = found.includes(name) ? name : latest
    if (found.length > 1 && exact !== name) {
      throw new EcomdbError('SNAPSHOT_NOT_FOUND', {
        what: `"${name}" is the beginning of ${found.length} snapshots`,
        why: found.slice(0, 5).join(', '),
        hints: ['give more of the id'],
      })
    }
    return await this.#envelope(exact, trustedSigners)
  }

  async readSignedEnvelope(
    snapshotId: string,
    trustedSigners: readonly string[],
  ): Promise<Trusted<SnapshotEnvelope>> {
    const trust = { repositoryId: this.id, trustedSigners }
    return await readTrustedEnvelope(this.#target, snapshotId, trust)
  }

  async isThere(snapshotId: string): Promise<boolean> {
    return (await this.#target.stat(envelopeFile(snapshotId))) !== null
  }

  copyId(): Promise<string | null> {
    this.#copyId ??= readCopyMarker(this.#target).then(marker => marker?.copyId ?? null)
    return this.#copyId
  }

  async readManifest(envelope: SnapshotEnvelope, identities: readonly Secret[]): Promise<Manifest> {
    const { path } = envelope.manifest
    const packed = await this.readPiece(envelope.manifest, identities, envelope.snapshotId)
    const manifest = await unpackManifest(packed, path)
    if (manifest.snapshotId !== envelope.snapshotId) {
      throw damaged(path, `it is the manifest of snapshot ${manifest.snapshotId}`)
    }
    return manifest
  }

  async readPhysicalManifest(
    envelope: SnapshotEnvelope,
    identities: readonly Secret[],
  ): Promise<PhysicalManifest> {
    const { path } = envelope.manifest
    const packed = await this.readPiece(envelope.manifest, identities, envelope.snapshotId)
    const manifest = await unpackPhysicalManifest(packed, path)
    if (manifest.snapshotId !== envelope.snapshotId) {
      throw damaged(path, `it is the manifest of snapshot ${manifest.snapshotId}`)
    }
    return manifest
  }

  async readBase(snapshotId: string, trustedSigners: readonly string[]): Promise<BaseSnapshot> {
    const trust = { repositoryId: this.id, trustedSigners }
    const { value, sha256 } = await readTrustedEnvelope(this.#target, snapshotId, trust)
    return { envelope: value, sha256 }
  }

  async readPiece(
    stored: StoredObject,
    identities: readonly Secret[],
    snapshotId?: string,
  ): Promise<Buffer> {
    try {
      return await this.#decrypt(stored, identities)
    } catch (error) {
      if (snapshotId === undefined || !(await hasGone(error, this, snapshotId))) throw error
      throw removedMeanwhile(snapshotId, error)
    }
  }

  async readStored(stored: StoredObject): Promise<Buffer> {
    return await readSteadily(this.#target, stored)
  }

  async putAttestation(
    claim: AttestationClaim,
    { signingKey, trustedSigners, clock }: Attesting,
  ): Promise<Attestation> {
    const envelope = await this.#target.get(envelopeFile(claim.snapshotId))
    if (!envelope) throw noSuchSnapshot(claim.snapshotId, this.label)
    const attestation: Attestation = {
      format: 1,
      repositoryId: this.id,
      attestationId: await this.#newAttestationId(trustedSigners, clock.now()),
      envelopeSha256: sha256Hex(envelope),
      copyId: await this.copyId(),
      tool: toolVersion(),
      ...claim,
    }
    await this.#target.put(attestationFile(claim.snapshotId, attestation.attestationId), [
      signStatement('attestation', attestation, signingKey),
    ])
    return attestation
  }

  async listLeavers(trustedSigners: readonly string[]): Promise<LeaverListing> {
    return await leaverReceipts(this.#target, { repositoryId: this.id, trustedSigners })
  }

  async listAttestations(
    trustedSigners: readonly string[],
    snapshotId?: string,
  ): Promise<AttestationListing> {
    const attestations: Attestation[] = []
    const refused: { name: string; snapshotId: string; error: EcomdbError }[] = []
    const trust = { repositoryId: this.id, trustedSigners }
    const prefix = snapshotId === undefined ? ATTESTATIONS : `${ATTESTATIONS}${snapshotId}/`
    for await (const { name } of this.#target.list(prefix)) {
      const ids = idsOfAttestationFile(name)
      if (!ids) continue
      try {
        const { snapshotId: about, attestationId } = ids
        const found = await readTrustedAttestation(this.#target, about, attestationId, trust)
        if (found) attestations.push(found.value)
      } catch (error) {
        if (!(error instanceof EcomdbError) || !ABOUT_ONE_FILE.has(error.code)) throw error
        refused.push({ name, snapshotId: ids.snapshotId, error })
      }
    }
    attestations.sort((a, b) => (a.attestationId < b.attestationId ? -1 : 1))
    return { attestations, refused }
  }

  /**
   * The newest proof counts, and one of a clock that was ahead must not be newer than what is found later.
   * Only what seems to be of the future is read: a name alone can be made by anyone who may write.
   */
  async #newAttestationId(trustedSigners: readonly string[], now: Date): Promise<string> {
    const trust = { repositoryId: this.id, trustedSigners }
    const present = uuidV7(now)
    const ahead: string[] = []
    for await (const { name } of this.#target.list(ATTESTATIONS)) {
      const ids = idsOfAttestationFile(name)
      if (!ids || ids.attestationId < present) continue
      try {
        const { snapshotId, attestationId } = ids
        if (await readTrustedAttestation(this.#target, snapshotId, attestationId, trust))
          ahead.push(attestationId)
      } catch (error) {
        if (!(error instanceof EcomdbError) || !ABOUT_ONE_FILE.has(error.code)) throw error
      }
    }
    return uuidV7Behind(ahead, now)
  }

  /**
   * One of some databases only is the newest of its server where there is none of all. An older snapshot
   * is never given out silently for a newer one that is not believed.
   */
  async #newest(
    ids: readonly string[],
    trustedSigners: readonly string[],
    method?: SnapshotEnvelope['method'],
  ): Promise<SnapshotEnvelope> {
    let newest: SnapshotEnvelope | null = null
    let part: SnapshotEnvelope | null = null
    for (const snapshotId of ids.toReversed()) {
      const envelope = await this.#believed(snapshotId, trustedSigners)
      newest ??= envelope
      if (method === undefined) return envelope
      if (envelope.method !== method) continue
      if (part && part.sourceId !== envelope.sourceId) continue
      if ((envelope.scope ?? null) === null) return envelope
      part ??= envelope
    }
    const found = part ?? newest
    if (found) return found
    throw noSuchSnapshot('latest', this.label)
  }

  async #believed(
    snapshotId: string,
    trustedSigners: readonly string[],
  ): Promise<SnapshotEnvelope> {
    try {
      return await this.#envelope(snapshotId, trustedSigners)
    } catch (error) {
      if (!(error instanceof EcomdbError) || !ABOUT_ONE_FILE.has(error.code)) throw error
      throw new EcomdbError(error.code, {
        what: `the latest snapshot, ${snapshotId}, cannot be used`,
        why: `${error.what}: ${error.why ?? ''}`,
        hints: [...error.hints, 'for an older snapshot give its id; `ecomdb backup list` has them'],
        cause: error,
      })
    }
  }

  async #envelope(
    snapshotId: string,
    trustedSigners: readonly string[],
  ): Promise<SnapshotEnvelope> {
    return (await this.readSignedEnvelope(snapshotId, trustedSigners)).value
  }

  /** Ids that start with `beginning` and have an envelope, in the order of time. */
  async #snapshotIds(beginning: string): Promise<string[]> {
    if (!/^[A-Za-z0-9-]*$/.test(beginning)) return []
    const ids: string[] = []
    for await (const { name } of this.#target.list(SNAPSHOTS + beginning)) {
      const id = snapshotOfEnvelopeFile(name)
      if (id) ids.push(id)
    }
    return ids
  }

  async #decrypt(stored: StoredObject, identities: readonly Secret[]): Promise<Buffer> {
    const bytes = await this.readStored(stored)
    try {
      return await decryptAge(identities, bytes, true)
    } catch (error) {
      if (!(error instanceof EcomdbError)) throw error
      throw new EcomdbError(error.code, {
        what: `cannot decrypt ${stored.path}`,
        ...(error.why ? { why: error.why } : {}),
        hints: error.hints,
        cause: error,
      })
    }
  }
}

function removedMeanwhile(snapshotId: string, cause: unknown): EcomdbError {
  return new EcomdbError('SNAPSHOT_NOT_FOUND', {
    what: `snapshot ${snapshotId} was removed while it was read`,
    why: 'its envelope is not there any more: an expire on another host has removed it, or somebody',
    hints: [
      'nothing is known to be damaged; take another snapshot: `ecomdb backup list`',
      '`ecomdb backup status` says whether it went without a tombstone (VANISHED)',
    ],
    cause,
  })
}
