import { EcomdbError, messageOf } from '#core/errors'
import { sha256 } from '#domain/audit/canonical'
import type { Target } from '#target/target'
import { Anchor } from './anchors.ts'

/** An anchor that has more than the database. */
export interface AnchorState {
  label: string
  last: number
  statement: Buffer
}

interface Member {
  anchor: Anchor
  /** The newest checkpoint there; null: not known, it could not be reached. */
  last: number | null
  put: number
  failed: string | null
}

/** All anchors of a trail, as the sealer uses them. */
export class Anchors {
  readonly #anchors: readonly Member[]

  constructor(targets: readonly Target[], trailId: string) {
    this.#anchors = targets.map(target => {
      return { anchor: new Anchor(target, trailId), last: null, put: 0, failed: null }
    })
  }

  /**
   * Looks at those that were not looked at, or failed, and compares the head.
   *
   * @returns the anchor that is furthest ahead of the database, or null
   * @throws EcomdbError TRAIL_BROKEN when an anchor has another checkpoint of this number
   */
  async look(batch: number, head: string | null): Promise<AnchorState | null> {
    const ahead: AnchorState[] = []
    for (const one of this.#anchors.filter(({ last }) => last === null)) {
      const { label } = one.anchor
      one.failed = null
      try {
        const last = (await one.anchor.batches()).at(-1) ?? 0
        const same = last >= batch && head ? await one.anchor.statement(batch) : null
        if (same && sha256(same).toString('hex') !== head) throw forked(label, batch)
        const statement = last > batch ? await one.anchor.statement(last) : null
        if (statement) ahead.push({ label, last, statement })
        one.last = last
      } catch (error) {
        if (error instanceof EcomdbError && error.code === 'TRAIL_BROKEN') throw error
        one.failed = messageOf(error)
      }
    }
    return ahead.sort((a, b) => b.last - a.last)[0] ?? null
  }

  /** Others have put more there. */
  lookAgain(): void {
    for (const one of this.#anchors) one.last = null
  }

  /** Brings every anchor that can be reached what it lacks at its end. */
  async catchUp(
    upTo: number,
    read: (batch: number) => Promise<{ statement: Buffer; leaves: Buffer } | null>,
  ): Promise<void> {
    for (const one of this.#anchors) {
      for (let batch = (one.last ?? upTo) + 1; batch <= upTo && !one.failed; batch += 1) {
        const found = await read(batch)
        if (found) await this.#putOne(one, batch, found.statement, found.leaves)
        else one.last = batch
      }
    }
  }

  /** @returns what failed, in words; a later run catches up */
  async put(batch: number, statement: Buffer, leaves: Buffer): Promise<string[]> {
    const failures: string[] = []
    for (const one of this.#anchors) {
      // One that misses a batch gets the rest in order, at the next run.
      if (!one.failed) await this.#putOne(one, batch, statement, leaves)
      if (one.failed) failures.push(`batch ${batch} is not at ${one.anchor.label}: ${one.failed}`)
    }
    return failures
  }

  async #putOne(one: Member, batch: number, statement: Buffer, leaves: Buffer): Promise<void> {
    try {
      await one.anchor.put(batch, statement, leaves)
      one.put += 1
      one.last = batch
    } catch (error) {
      one.failed = messageOf(error)
      // It is looked at again before anything else is put there.
      one.last = null
    }
  }

  report(): { label: string; put: number; failed: string | null }[] {
    return this.#anchors.map(({ anchor, put, failed }) => ({ label: anchor.label, put, failed }))
  }
}

function forked(label: string, batch: number): EcomdbError {
  return new EcomdbError('TRAIL_BROKEN', {
    what: `the trail was forked: batch ${batch} of ${label} is not the one in the database`,
    why: 'two checkpoints have one number: one of the two places was changed',
    hints: ['run `ecomdb audit verify`: it says which, and what else does not fit'],
  })
}
