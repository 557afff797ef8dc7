import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import { isLostOnDisk } from '#core/storage-error'
import { MIB } from '#core/units'
import type { SnapshotEnvelope, StoredObject } from '#domain/backup/envelope'
import { envelopeFile, OBJECTS, SNAPSHOTS } from '#repository/layout'
import { damaged } from '#repository/read-again'
import type { Repository } from '#repository/repository'
import type { Trusted } from '#repository/trusted-files'
import type { Target } from '#target/target'
import { Limiter } from '../backup/limiter.ts'
import type { Arrivals } from './arrival.ts'
import { holdAgain } from './hold-again.ts'
import { takeOut } from './take-out.ts'

/** Bytes that are in memory at a time: each file twice, sent and read back. */
const IN_FLIGHT_BYTES = 64 * MIB

export interface SnapshotCopying {
  source: Repository
  destination: Target
  arrivals: Arrivals
  /** Files that believed envelopes in the copy name, by path: they were read back when they came. */
  named: ReadonlyMap<string, StoredObject>
  /** All snapshots of the source, for what one builds on. */
  snapshots: readonly SnapshotEnvelope[]
  clock: Clock
  progress: Progress
}

/** skipped: it was there, and has been removed meanwhile. */
export type SnapshotOutcome = 'present' | 'healed' | 'copied' | 'skipped'

/**
 * Brings snapshots into a copy, one after the other: objects side by side, then the manifest,
 * then the envelope, each read again from the medium before the next kind is written. So a
 * copy that is cut off anywhere has each snapshot whole, or not at all.
 */
export class SnapshotCopier {
  readonly #work: SnapshotCopying
  readonly #limiter = new Limiter(2 * IN_FLIGHT_BYTES)
  /** Files that are whole in the copy: found so, or written by this run. */
  readonly #settled: Map<string, string>
  /** Of these, what this run has written. */
  readonly #fresh = new Set<string>()
  /** Names and sizes in the copy, listed once. */
  readonly #sizes: ReadonlyMap<string, number>

  private constructor(work: SnapshotCopying, sizes: ReadonlyMap<string, number>) {
    this.#work = work
    this.#sizes = sizes
    const whole = [...work.named.values()].filter(({ path, bytes }) => sizes.get(path) === bytes)
    this.#settled = new Map(whole.map(({ path, sha256 }) => [path, sha256]))
  }

  static async open(work: SnapshotCopying): Promise<SnapshotCopier> {
    return new SnapshotCopier(work, await sizesIn(work.destination))
  }

  /**
   * What is not there any more: an expire of the copy on another host takes no notice of this one.
   * @returns by snapshot, the first file of it
   */
  async removedMeanwhile(snapshots: readonly SnapshotEnvelope[]): Promise<Map<string, string>> {
    const sizes = await sizesIn(this.#work.destination)
    const gone = new Map<string, string>()
    for (const { snapshotId, objects, manifest } of snapshots) {
      const file = [...objects, manifest].find(({ path, bytes }) => sizes.get(path) !== bytes)
      const envelope = envelopeFile(snapshotId)
      if (!sizes.has(envelope)) gone.set(snapshotId, envelope)
      else if (file) gone.set(snapshotId, file.path)
    }
    return gone
  }

  /** What is not in the copy yet, in bytes: what is there in its length takes no more room, right or wrong. */
  missingBytes(snapshots: readonly SnapshotEnvelope[]): number {
    const missing = new Map<string, number>()
    for (const { objects, manifest } of snapshots) {
      for (const file of [...objects, manifest]) {
        if (this.#sizes.get(file.path) !== file.bytes) missing.set(file.path, file.bytes)
      }
    }
    return [...missing.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  /**
   * @throws EcomdbError OBJECT_DAMAGED when the source has not all of it any more, or the copy keeps what is
   *   damaged; STORAGE_FAILED, TARGET_UNAVAILABLE, INTERRUPTED
   */
  async copy({ value, file, sha256 }: Trusted<SnapshotEnvelope>): Promise<SnapshotOutcome> {
    const { destination, arrivals } = this.#work
    const path = envelopeFile(value.snapshotId)
    const there = this.#sizes.has(path) ? await destination.get(path) : null
    if (this.#sizes.has(path) && !there) return 'skipped'
    if (there && !there.equals(file)) throw otherEnvelope(path)
    const before = arrivals.files
    await this.#bringAll(value.objects.filter(object => !this.#isSettled(object)))
    if (!this.#isSettled(value.manifest)) await this.#bring(value.manifest)
    if (there) return arrivals.files > before ? 'healed' : 'present'
    throwIfInterrupted()
    const { snapshots, clock } = this.#work
    const bases = basesFrom(value, snapshots)
    await holdAgain(destination, value, bases, this.#fresh, clock.now())
    await arrivals.put({ path, bytes: file.length, sha256 }, file)
    return 'copied'
  }

  #isSettled({ path, sha256 }: StoredObject): boolean {
    return this.#settled.get(path) === sha256
  }

  async #bringAll(files: readonly StoredObject[]): Promise<void> {
    const failures: unknown[] = []
    const brought = files.map(async file => {
      const leave = await this.#limiter.enter(2 * file.bytes)
      try {
        if (failures.length === 0) await this.#bring(file)
      } catch (error) {
        failures.push(error)
      } finally {
        leave()
      }
    })
    await Promise.all(brought)
    // What ends the whole copy goes before what is wrong with one snapshot.
    const worst = failures.find(error => !isSourceDamage(error)) ?? failures[0]
    if (worst !== undefined) throw worst
  }

  async #bring(file: StoredObject): Promise<void> {
    throwIfInterrupted()
    const { destination, arrivals, source, progress } = this.#work
    if (this.#sizes.has(file.path)) {
      // Left by a copy that was cut off, or damaged: only the bytes tell.
      if (await arrivals.isWhole(file)) {
        this.#settled.set(file.path, file.sha256)
        return
      }
    }
    const bytes = await source.readStored(file).catch((error: unknown) => {
      if (isLostOnDisk(error)) throw damaged(file.path, error.why ?? error.what)
      throw error
    })
    if (this.#sizes.has(file.path)) await takeOut(destination, file.path)
    await arrivals.put(file, bytes)
    this.#fresh.add(file.path)
    this.#settled.set(file.path, file.sha256)
    progress.advance({ bytes: file.bytes, items: 1 })
  }
}

function basesFrom(
  { base }: SnapshotEnvelope,
  snapshots: readonly SnapshotEnvelope[],
): readonly string[] {
  const found = base == null ? undefined : snapshots.find(({ snapshotId }) => snapshotId === base)
  return found ? [found.snapshotId, ...basesFrom(found, snapshots)] : []
}

async function sizesIn(destination: Target): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  for (const folder of [OBJECTS, SNAPSHOTS]) {
    for await (const { name, sizeBytes } of destination.list(folder)) sizes.set(name, sizeBytes)
  }
  return sizes
}

function otherEnvelope(path: string): EcomdbError {
  return new EcomdbError('OBJECT_DAMAGED', {
    what: `the copy has another ${path} than the repository`,
    why: 'both are signed by a trusted signer, and one of them was changed',
    hints: ['find out which is right: `ecomdb backup show ID` with and without --target'],
  })
}

/** A fault of the source, or of the copy, that concerns the snapshots which need that object, and no others. */
export function isSourceDamage(error: unknown): error is EcomdbError {
  return error instanceof EcomdbError && error.code === 'OBJECT_DAMAGED'
}
