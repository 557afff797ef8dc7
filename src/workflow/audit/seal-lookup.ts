import { sha256 } from '#domain/audit/canonical'
import { type Checkpoint, LEAF_PREFIX } from '#domain/audit/checkpoint'
import { type AuditEvent, eventLeaf } from '#domain/audit/event'
import { type IdRange, parseRanges } from '#domain/audit/id-ranges'
import type { EventSeal } from '#domain/audit/listed-event'
import { leafHash } from '#domain/audit/merkle'
import type { AuditTrail } from '#engine/audit-trail'
import type { Session } from '#engine/session'
import { openCheckpoint } from './open-checkpoint.ts'

interface OpenedBatch {
  checkpoint: Checkpoint
  ranges: readonly IdRange[]
  open: readonly IdRange[]
  leaves: Buffer
  /** The leaves are those that the checkpoint signs. */
  leavesHold: boolean
}

/**
 * Says of single events which signed batch they are in, and whether they are what was sealed: by
 * the signature of the checkpoint, the hash of its leaves, and the event's own leaf. The root, the
 * chain and the anchors are not looked at: `audit verify` does that.
 */
export class SealLookup {
  readonly #auditTrail: AuditTrail
  readonly #session: Session
  readonly #trustedSigners: readonly string[]
  /** By the number that was asked for. */
  readonly #batches = new Map<number, OpenedBatch | null>()
  readonly #head: OpenedBatch | null

  private constructor(
    auditTrail: AuditTrail,
    session: Session,
    trustedSigners: readonly string[],
    last: number,
    head: OpenedBatch | null,
  ) {
    this.#auditTrail = auditTrail
    this.#session = session
    this.#trustedSigners = trustedSigners
    this.#head = head
    if (head) this.#batches.set(last, head)
  }

  /** @throws EcomdbError SIGNATURE_INVALID when nobody trusted signed the newest checkpoint */
  static async open(
    auditTrail: AuditTrail,
    session: Session,
    trustedSigners: readonly string[],
  ): Promise<SealLookup> {
    const last = await auditTrail.batchFrom(session, null)
    const head = last && opened(last, trustedSigners)
    return new SealLookup(auditTrail, session, trustedSigners, last?.batch ?? 0, head)
  }

  async of(event: AuditEvent, table: string): Promise<EventSeal> {
    if (!this.#head || event.id > this.#head.checkpoint.sealedTo) return NOT_YET
    for (let batch = await this.#firstThatReaches(event.id); batch; ) {
      const { checkpoint, ranges, open } = batch
      const place = placeIn(ranges, event.id)
      if (place !== null) return stateIn(batch, place, event, table)
      if (!open.some(([from, to]) => event.id >= from && event.id <= to)) return FOREIGN
      batch = await this.#at(checkpoint.batch + 1)
    }
    return NOT_YET
  }

  /** By halving: `sealedTo` only grows along the batches that the database has. */
  async #firstThatReaches(id: number): Promise<OpenedBatch | null> {
    let found: OpenedBatch | null = this.#head
    let [low, high] = [1, this.#head?.checkpoint.batch ?? 0]
    while (low <= high) {
      const middle = Math.floor((low + high) / 2)
      const one = await this.#at(middle)
      if (one && one.checkpoint.sealedTo < id) {
        low = one.checkpoint.batch + 1
      } else {
        if (one) found = one
        high = middle - 1
      }
    }
    return found
  }

  /** The batch of this number, or the next that there is: a restore may have lost some. */
  async #at(batch: number): Promise<OpenedBatch | null> {
    const known = this.#batches.get(batch)
    if (known !== undefined) return known
    const stored = await this.#auditTrail.batchFrom(this.#session, batch)
    const one = stored && opened(stored, this.#trustedSigners)
    this.#batches.set(batch, one)
    return one
  }
}

const NOT_YET: EventSeal = { state: 'not yet', batch: null, sealedAt: null }
const FOREIGN: EventSeal = { state: 'foreign', batch: null, sealedAt: null }

function opened(
  { batch, statement, leaves }: { batch: number; statement: Buffer; leaves: Buffer },
  trustedSigners: readonly string[],
): OpenedBatch {
  const checkpoint = openCheckpoint(statement, trustedSigners, `batch ${batch}`)
  return {
    ...{ checkpoint, leaves, ranges: parseRanges(checkpoint.events) },
    open: checkpoint.open.flatMap(({ ids }) => parseRanges(ids)),
    leavesHold: sha256(leaves).toString('hex') === checkpoint.leavesSha256,
  }
}

/** Which of a batch's events it is, from 0; null: none of them. */
function placeIn(ranges: readonly IdRange[], id: number): number | null {
  let before = 0
  for (const [from, to] of ranges) {
    if (id < from) return null
    if (id <= to) return before + id - from
    before += to - from + 1
  }
  return null
}

function stateIn(batch: OpenedBatch, place: number, event: AuditEvent, table: string): EventSeal {
  const { checkpoint, leaves, leavesHold } = batch
  const start = place * LEAF_PREFIX
  const sealed = leaves.subarray(start, start + LEAF_PREFIX)
  const now = leafHash(eventLeaf(event, table)).subarray(0, LEAF_PREFIX)
  const state = leavesHold && now.equals(sealed) ? 'sealed' : 'altered'
  return { state, batch: checkpoint.batch, sealedAt: checkpoint.sealedAt }
}
