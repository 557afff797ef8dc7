import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { filesOnlyOf } from '#domain/retention/removable-files'
import { ATTESTATIONS, endFile, envelopeFile, startFile } from '#repository/layout'
import type { Target } from '#target/target'

/** Files between two looks for a backup that has begun meanwhile. */
const FILES_PER_LOOK = 200
/** A place that refuses more has not some files that are held, but refuses. */
const MOST_REFUSALS = 100
/**
 * A refusal comes at once. A service that fails (503) is asked for a minute, for each file: it must not keep
 * the repository from all others for hours.
 */
const MOST_REFUSED_MS = 5 * 60_000

/** Removes snapshots and leftovers for good, and counts. */
export class Remover {
  /** Ids of the snapshots that are gone. */
  readonly snapshots = new Set<string>()
  files = 0
  bytes = 0
  /** Files that stay for now, since a lock of the target holds them. */
  held = 0
  /** Files that the target did not let be removed: a legal hold, another account's file. */
  readonly refused: { name: string; problem: string }[] = []
  /** Names of what is gone. */
  readonly removed = new Set<string>()
  readonly #target: Target
  readonly #look: () => Promise<void>
  readonly #clock: Clock
  readonly #progress: Progress
  #sinceLook = 0
  /** Spent on files that did not go. */
  #refusedMs = 0

  /** @param look throws when a backup has begun, or a snapshot has come */
  constructor(target: Target, look: () => Promise<void>, clock: Clock, progress: Progress) {
    this.#target = target
    this.#look = look
    this.#clock = clock
    this.#progress = progress
  }

  /**
   * The envelope first: without it there is no snapshot, and whatever is left is a leftover
   * that the next run finds. What builds on another goes before it. An envelope that stays (somebody
   * has locked it meanwhile, or the target refuses) is a snapshot, and keeps all that it needs.
   *
   * @param due what is to go; staying is everything else that has an envelope
   * @param evidence attestations that stay
   * @throws EcomdbError LOCKED, STORAGE_FAILED, INTERRUPTED
   */
  async removeSnapshots(
    due: readonly SnapshotEnvelope[],
    staying: readonly SnapshotEnvelope[],
    evidence: ReadonlySet<string>,
  ): Promise<void> {
    const kept = [...staying]
    const gone: SnapshotEnvelope[] = []
    for (const envelope of due.toReversed()) {
      const { snapshotId, manifest } = envelope
      await this.#look()
      const isNeeded = kept.some(({ base }) => base === snapshotId)
      if (isNeeded || !(await this.#remove(envelopeFile(snapshotId)))) {
        kept.push(envelope)
        continue
      }
      gone.push(envelope)
      this.snapshots.add(snapshotId)
      // A base's manifest is named by what builds on it, and that was removed before.
      await this.#remove(manifest.path)
      await this.#remove(startFile(snapshotId))
      await this.#remove(endFile(snapshotId))
      for await (const { name } of this.#target.list(`${ATTESTATIONS}${snapshotId}/`)) {
        if (!evidence.has(name)) await this.#remove(name)
      }
    }
    await this.removeFiles(filesOnlyOf(gone, kept))
  }

  async removeFiles(names: readonly string[]): Promise<void> {
    if (names.length > 0) await this.#look()
    for (const name of names) await this.#remove(name)
  }

  /**
   * Files of a log's beginning, in its order: the envelope of a segment before its bytes. Behind an envelope
   * that stays all stays, for a log is read from its first segment on.
   *
   * @returns how many segments are gone
   */
  async removeInOrder(files: readonly { name: string; sequence: number }[]): Promise<number> {
    if (files.length > 0) await this.#look()
    const isBytes = ({ name }: { name: string }): boolean => !name.endsWith('.json')
    const inOrder = files.toSorted(
      (a, b) => a.sequence - b.sequence || Number(isBytes(a)) - Number(isBytes(b)),
    )
    let segments = 0
    for (const file of inOrder) {
      const isGone = await this.#remove(file.name)
      if (isBytes(file)) continue
      if (!isGone) break
      segments += 1
    }
    return segments
  }

  /** @returns false when it is there still */
  async #remove(name: string): Promise<boolean> {
    throwIfInterrupted()
    this.#sinceLook += 1
    if (this.#sinceLook > FILES_PER_LOOK) {
      await this.#look()
      this.#sinceLook = 0
    }
    const found = await this.#target.stat(name)
    if (!found) return true
    // A snapshot that lived longer used the same object, and its lock outlasts the snapshot.
    const until = (await this.#target.lock?.heldUntil(name)) ?? null
    if (until && until > this.#clock.now()) {
      this.held += 1
      return false
    }
    const begun = this.#clock.monotonicMs()
    try {
      await this.#target.remove(name)
    } catch (error) {
      this.#refusedMs += this.#clock.monotonicMs() - begun
      this.#noteRefusal(name, error)
      return false
    }
    this.removed.add(name)
    this.files += 1
    this.bytes += found.sizeBytes
    this.#progress.advance({ items: 1 })
    return true
  }

  /** One file that cannot go must not keep all others for ever. */
  #noteRefusal(name: string, error: unknown): void {
    const isRefusal = error instanceof EcomdbError && error.code === 'STORAGE_FAILED'
    const isTooMuch = this.refused.length >= MOST_REFUSALS || this.#refusedMs >= MOST_REFUSED_MS
    if (!isRefusal || isTooMuch) throw error
    this.refused.push({ name, problem: error.why ?? error.what })
  }
}
