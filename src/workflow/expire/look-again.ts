import { EcomdbError } from '#core/errors'
import type { SnapshotEnvelope, StoredObject } from '#domain/backup/envelope'
import { outcomeOfSnapshot } from '#domain/backup/proof-of-snapshot'
import {
  ATTESTATIONS,
  idsOfAttestationFile,
  SNAPSHOTS,
  snapshotOfEnvelopeFile,
} from '#repository/layout'
import type { Attesting, Repository } from '#repository/repository'
import { aboutOneFile } from '#repository/signed-records'
import { runningBackups } from '#repository/tombstones'
import { readTrustedAttestation, type Trust } from '#repository/trusted-files'
import type { Target } from '#target/target'

// Locks do not reach other hosts. So expire looks, each time before it acts, for what has come since it decided.

/**
 * Nothing is removed while a backup runs, on whatever host.
 * @throws EcomdbError LOCKED
 */
export async function refuseWhileBackupRuns(
  target: Target,
  trust: Trust,
  longestBackupMs: number,
  now: Date,
): Promise<void> {
  const running = await runningBackups(target, trust, longestBackupMs, now)
  if (running.length === 0) return
  throw new EcomdbError('LOCKED', {
    what: `will not remove anything from ${target.label} now`,
    why: `a backup has begun and is not complete: ${running.join(', ')}`,
    hints: [
      'wait for it to end, then run the command again',
      'one that died is passed over when it is older than longest_backup in recovery.yaml',
    ],
  })
}

/** Has anything come since it was decided what goes? */
export class LaterArrivals {
  readonly #target: Target
  readonly #repository: Repository
  readonly #by: Attesting
  readonly #snapshots: ReadonlySet<string>
  readonly #attestations: ReadonlySet<string>
  readonly #going: ReadonlySet<string>

  /**
   * @param decided ids of all snapshots that were looked at, believed or not, and names of the attestations
   * @param going ids of those that are to go
   */
  constructor(
    target: Target,
    repository: Repository,
    decided: { snapshots: ReadonlySet<string>; attestations: ReadonlySet<string> },
    going: ReadonlySet<string>,
    by: Attesting,
  ) {
    this.#target = target
    this.#repository = repository
    this.#snapshots = decided.snapshots
    this.#attestations = decided.attestations
    this.#going = going
    this.#by = by
  }

  /**
   * A snapshot that has come since may use what is about to be removed: one that a copy on another host has
   * brought here, or a backup that was begun and is complete by now. And a proof that has failed since may be
   * that of the very snapshot which the others are to go for.
   *
   * @throws EcomdbError LOCKED; OBJECT_DAMAGED as `checkNew`
   */
  async refuse(removed: ReadonlySet<string>): Promise<void> {
    const [first] = await this.checkNew(removed)
    if (first) throw this.#comeMeanwhile(`snapshot ${first} has come meanwhile, and may use it`)
    for await (const { name } of this.#target.list(ATTESTATIONS)) {
      const failed = this.#attestations.has(name) ? null : await this.#failed(name)
      if (failed) {
        throw this.#comeMeanwhile(`a proof of snapshot ${failed} has failed since it was decided`)
      }
    }
  }

  /**
   * A copy that finds a file there and brings a snapshot's envelope, between a look and the removal of that file: it
   * looks afterwards, too, and one of the two finds out.
   *
   * @returns ids of the snapshots that have come
   * @throws EcomdbError OBJECT_DAMAGED when one of them needs what is gone: that is signed, for whoever heals it
   */
  async checkNew(removed: ReadonlySet<string>): Promise<string[]> {
    const come: string[] = []
    for await (const { name } of this.#target.list(SNAPSHOTS)) {
      const snapshotId = snapshotOfEnvelopeFile(name)
      if (snapshotId && !this.#snapshots.has(snapshotId)) come.push(snapshotId)
    }
    for (const snapshotId of come) {
      const envelope = await this.#repository
        .readEnvelope(snapshotId, this.#by.trustedSigners)
        .catch(aboutOneFile)
      if (!(envelope instanceof EcomdbError)) await this.#refuseLacking(envelope, removed)
    }
    return come
  }

  async #refuseLacking(envelope: SnapshotEnvelope, removed: ReadonlySet<string>): Promise<void> {
    const { snapshotId, manifest, objects } = envelope
    const lacking: StoredObject[] = []
    for (const file of [manifest, ...objects]) {
      // The copy may have brought it again.
      if (removed.has(file.path) && !(await this.#target.stat(file.path))) lacking.push(file)
    }
    if (lacking.length === 0) return
    const at = this.#by.clock.now().toISOString()
    const problem = 'it is missing: removed while the snapshot came'
    await this.#repository.putAttestation(
      {
        ...{ snapshotId, kind: 'verify', outcome: 'failed', startedAt: at, completedAt: at },
        damaged: lacking.map(({ path }) => ({ path, problem })),
        details: { level: 'stored' },
      },
      this.#by,
    )
    throw new EcomdbError('OBJECT_DAMAGED', {
      what: `snapshot ${snapshotId} came while ${lacking.length} of its files were removed from ${this.#target.label}`,
      why: 'another host copied to this place: it found them there, and they were announced to go',
      hints: [
        'run `ecomdb backup copy` to this place again: it brings what is missing; that it is, was signed',
        'copy and expire a place at different times',
      ],
    })
  }

  async #failed(name: string): Promise<string | null> {
    const ids = idsOfAttestationFile(name)
    if (!ids || this.#going.has(ids.snapshotId)) return null
    const trust = { repositoryId: this.#repository.id, trustedSigners: this.#by.trustedSigners }
    const found = await readTrustedAttestation(
      this.#target,
      ids.snapshotId,
      ids.attestationId,
      trust,
    ).catch(aboutOneFile)
    if (!found || found instanceof EcomdbError) return null
    const { copyId, kind } = found.value
    if (kind === 'accept' || (copyId ?? null) !== (await this.#repository.copyId())) return null
    return outcomeOfSnapshot(found.value) === 'failed' ? ids.snapshotId : null
  }

  #comeMeanwhile(why: string): EcomdbError {
    return new EcomdbError('LOCKED', {
      what: `will not remove anything more from ${this.#target.label} now`,
      why,
      hints: ['run the command again: it decides anew; what was removed had been announced'],
    })
  }
}
