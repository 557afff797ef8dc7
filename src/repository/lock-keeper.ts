import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { StoredObject } from '#domain/backup/envelope'
import type { PutReceipt, Target } from '#target/target'
import { envelopeFile, RECIPE_FILE, REPOSITORY_FILE } from './layout.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Holds all that a snapshot is made of at least as long as a new file of the target would be
 * held, and knows until when all of it is: what the envelope promises was asked of the target
 * for every single file.
 */
export class LockKeeper {
  readonly #target: Target
  /** Everything must be held until then; null where the target has no locks. */
  readonly #until: Date | null
  readonly #held = new Set<string>()
  #earliest: Date | null = null

  constructor(target: Target, clock: Clock) {
    this.#target = target
    this.#until = target.lock ? lockDate(clock.now(), target.lock.days) : null
  }

  /** ISO 8601: the earliest moment at which a file that was held may be removed, or null. */
  get lockUntil(): string | null {
    return this.#earliest?.toISOString() ?? null
  }

  /** A new file, as the target has taken it: named as an envelope names it. */
  stored(file: StoredObject, { versionId, lockedUntil }: PutReceipt): StoredObject {
    if (this.#until) this.#note(file.path, lockedUntil)
    return versionId === null ? file : { ...file, versionId }
  }

  /**
   * Extends the lock of a file of an earlier snapshot.
   * @returns false when it cannot be held, and is not to be relied on
   */
  async extend({ path, versionId }: Pick<StoredObject, 'path' | 'versionId'>): Promise<boolean> {
    const { lock } = this.#target
    if (!lock || !this.#until) return true
    try {
      this.#note(path, await lock.hold(path, this.#until, versionId))
      return true
    } catch (error) {
      const mayBeStoredAnew =
        error instanceof EcomdbError && ['STORAGE_FAILED', 'UNSUPPORTED'].includes(error.code)
      if (mayBeStoredAnew) return false
      throw error
    }
  }

  /**
   * Whatever of this is not held yet, and the repository's own files: at the commit.
   *
   * @param bases the snapshots that an incremental one stands on; what they need is in `objects`
   * @throws EcomdbError UNSUPPORTED, STORAGE_FAILED
   */
  async holdAll(objects: readonly StoredObject[], bases: readonly string[]): Promise<void> {
    const { lock } = this.#target
    if (!lock || !this.#until) return
    const names = [REPOSITORY_FILE, RECIPE_FILE, ...bases.map(envelopeFile)]
    for (const file of [...names.map(path => ({ path, versionId: undefined })), ...objects]) {
      if (this.#held.has(file.path)) continue
      this.#note(file.path, await lock.hold(file.path, this.#until, file.versionId))
    }
  }

  #note(path: string, heldUntil: Date | null): void {
    if (!heldUntil) throw new Error(`a target with locks took ${path} and did not lock it`)
    this.#held.add(path)
    if (!this.#earliest || heldUntil < this.#earliest) this.#earliest = heldUntil
  }
}

function lockDate(now: Date, days: number): Date {
  return new Date(Math.floor((now.getTime() + days * DAY_MS) / 1000) * 1000)
}
