import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { StoredObject } from '#domain/backup/envelope'
import type { PutReceipt, Target } from '#target/target'
import { isWeaker } from '#target/weaker-lock'
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
      const held = await lock.hold(path, this.#until, versionId)
      // Made before compliance was asked for: whoever has the right to bypass it could remove it.
      if (isWeaker(held, lock)) return false
      this.#note(path, held.until)
      return true
    } catch (error) {
      const mayBeStoredAnew =
        error instanceof EcomdbError && ['STORAGE_FAILED', 'UNSUPPORTED'].includes(error.code)
      if (mayBeStoredAnew) return false
      throw error
    }
  }

  /**
   * Whatever of this is not held yet, and the repository's own files: at the commit. The envelopes of bases
   * after all else, for by them expire sees until when their snapshots are held.
   *
   * @param bases the snapshots that an incremental one stands on; what they need is in `objects`
   * @throws EcomdbError UNSUPPORTED, STORAGE_FAILED
   */
  async holdAll(objects: readonly StoredObject[], bases: readonly string[]): Promise<void> {
    const { lock } = this.#target
    if (!lock || !this.#until) return
    for (const { path, versionId } of objects) {
      if (this.#held.has(path)) continue
      const held = await lock.hold(path, this.#until, versionId)
      if (isWeaker(held, lock)) throw weakerBase(path)
      this.#note(path, held.until)
    }
    const names = [REPOSITORY_FILE, RECIPE_FILE, ...bases.map(envelopeFile)]
    for (const path of names) this.#note(path, (await lock.hold(path, this.#until)).until)
  }

  #note(path: string, heldUntil: Date | null): void {
    if (!heldUntil) throw new Error(`a target with locks took ${path} and did not lock it`)
    this.#held.add(path)
    if (!this.#earliest || heldUntil < this.#earliest) this.#earliest = heldUntil
  }
}

function weakerBase(path: string): EcomdbError {
  return new EcomdbError('UNSUPPORTED', {
    what: 'no increment can build on its base',
    why: `target.s3.object_lock asks for compliance, and ${path} of the base is held in governance mode`,
    hints: ['run the backup again without --incremental: no snapshot was made'],
  })
}

/** Until when a new file is held, in whole seconds, as services keep it. */
export function lockDate(now: Date, days: number): Date {
  return new Date(Math.floor((now.getTime() + days * DAY_MS) / 1000) * 1000)
}
