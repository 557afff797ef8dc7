import { type AuditPolicy, isLegitimate } from '#domain/audit/audit-policy'
import { LEAF_PREFIX } from '#domain/audit/checkpoint'
import { ErasedIds } from '#domain/audit/erased-ids'
import { type AuditEvent, eventLeaf, ROW_KINDS } from '#domain/audit/event'
import { type Finding, type FindingList, finding } from '#domain/audit/finding'
import { commonRanges, countIds, type IdRange, parseRanges } from '#domain/audit/id-ranges'
import { safeKeyText } from '#domain/audit/listed-event'
import { HASH_BYTES, leafHash, MerkleTree } from '#domain/audit/merkle'
import { msOfServerTime, serverTimeOf } from '#domain/audit/server-time'
import type { LeafProof } from '#engine/audit-trail'
import type { KeptLists } from './kept-lists.ts'
import type { Chain, ChainBatch } from './verify-chain.ts'

/** A batch of which events are coming. */
interface OpenBatch {
  batch: ChainBatch
  tree: MerkleTree
  /** The starts of the leaves' hashes, and the ids; as many as `count`. */
  prefixes: Buffer
  ids: Float64Array
  count: number
  missing: number
  /** Events that retention has removed. */
  removed: number
  /** The hashes of all leaves, where retention has removed some; empty: it has removed all. */
  proof: Buffer | null
  /** Ids that retention has left. */
  kept: readonly IdRange[]
}

interface Stretch {
  from: number
  to: number
  batch: ChainBatch
}

export interface LeafProofs {
  /** An edited leaf is named by the leaves' file of whichever place has the right one. */
  leavesOf(batch: number, sha256: string): Promise<Buffer | null>
  leafProof(batch: number): Promise<LeafProof | null>
  /** What the newest checkpoint signs of what stays; null: nothing. */
  kept: KeptLists | null
}

/**
 * Checks every event against its batch, as they come by id. Memory is that of the batches that
 * are open at the same time, and their ranges.
 */
export class EventVerifier {
  readonly #stretches: Stretch[]
  readonly #open = new Map<number, OpenBatch>()
  readonly #chain: Chain
  readonly #policy: AuditPolicy
  readonly #found: FindingList
  readonly #readAt: string
  readonly #proofs: LeafProofs
  readonly #erased: ErasedIds
  /** Ids that the newest checkpoint still waits for. */
  readonly #waitedFor: ReadonlySet<number>
  #at = 0
  #unsealed: { first: AuditEvent; last: AuditEvent; count: number } | null = null
  unsealed = 0
  events = 0
  /** Of the batch of the last event. */
  #times: { batch: ChainBatch; earliest: string; latest: string } | null = null

  constructor(
    chain: Chain,
    policy: AuditPolicy,
    found: FindingList,
    readAt: string,
    proofs: LeafProofs,
  ) {
    this.#chain = chain
    this.#policy = policy
    this.#found = found
    this.#readAt = readAt
    this.#proofs = proofs
    this.#erased = new ErasedIds(chain.erasures)
    this.#stretches = chain.batches
      .filter(({ excused }) => !excused)
      .flatMap(batch => batch.ranges.map(([from, to]) => ({ from, to, batch })))
      .sort((a, b) => a.from - b.from)
    const open = chain.head?.open.flatMap(({ ids }) => parseRanges(ids)) ?? []
    this.#waitedFor = new Set(
      open.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at)),
    )
  }

  /** @returns the number of the event's batch; null: it is in none */
  async add(event: AuditEvent, table: string): Promise<number | null> {
    this.events += 1
    await this.#skipTo(event.id)
    const stretch = this.#stretches[this.#at]
    const batch = stretch && stretch.from <= event.id ? stretch.batch : null
    this.#checkWriter(event, table, batch)
    if (!batch || !stretch) {
      this.#addUnsealed(event, table)
      return null
    }
    this.#checkTime(event, table, batch)
    const open = await this.#opened(batch)
    this.#chain.watch.addEvent(event, batch.batch)
    if (open.proof?.length === 0) this.#addToRemoved(event, table, batch)
    const hash = leafHash(eventLeaf(event, table))
    open.tree.appendHash(hash)
    hash.copy(open.prefixes, open.count * LEAF_PREFIX, 0, LEAF_PREFIX)
    open.ids[open.count] = event.id
    open.count += 1
    stretch.from = event.id + 1
    if (stretch.from > stretch.to) this.#at += 1
    await this.#closeIfComplete(open)
    return batch.batch
  }

  /** After the last event. */
  async end(): Promise<void> {
    await this.#skipTo(Number.POSITIVE_INFINITY)
    this.#endUnsealed()
    const gone = this.#chain.batches.filter(({ excused, pruned }) => excused || pruned)
    this.#chain.watch.endEvents(new Set(gone.map(({ batch }) => batch)))
  }

  async #opened(batch: ChainBatch): Promise<OpenBatch> {
    const known = this.#open.get(batch.batch)
    if (known) return known
    const proof = batch.pruned ? await this.#proofs.leafProof(batch.batch) : null
    const prefixes = Buffer.alloc(batch.count * LEAF_PREFIX)
    const ids = new Float64Array(batch.count)
    const counts = { count: 0, missing: 0, removed: 0 }
    const { hashes = null, kept = '' } = proof ?? {}
    if (proof && this.#proofs.kept?.isSame({ batch: batch.batch, ids: kept }) === false) {
      const detail = `which events of batch ${batch.batch} retention has left is not what was signed`
      this.#addEdited(batch, null, detail)
    }
    const parts = { batch, tree: new MerkleTree(), prefixes, ids, ...counts }
    const open = { ...parts, proof: hashes, kept: rangesOf(kept) }
    this.#open.set(batch.batch, open)
    return open
  }

  /** Ids of batches up to here that did not come are gone. */
  async #skipTo(id: number): Promise<void> {
    for (;;) {
      const stretch = this.#stretches[this.#at]
      if (!stretch || stretch.from >= id) return
      const to = Math.min(stretch.to, id - 1)
      await this.#addGone(stretch.batch, stretch.from, to)
      stretch.from = to + 1
      if (stretch.from > stretch.to) this.#at += 1
    }
  }

  async #addGone(batch: ChainBatch, from: number, to: number): Promise<void> {
    const open = await this.#opened(batch)
    const count = to - from + 1
    const proved = this.#isProved(open, count)
    if (!proved) open.missing += count
    const gone = proved ? commonRanges([[from, to]], open.kept) : [[from, to] as const]
    for (const range of gone) this.#addGap(batch, range, proved)
    await this.#closeIfComplete(open)
  }

  #addGap({ batch, sealedAt }: ChainBatch, [from, to]: IdRange, left: boolean): void {
    const what = from === to ? `event ${from} is` : `events ${from} to ${to} are`
    const detail = `${what} gone from the trail${left ? ', and retention had left it' : ''}`
    const known = { event: from, batch, from: sealedAt, to: this.#readAt, broken: true }
    this.#found.add(finding('GAP', detail, known))
  }

  /** Retention has removed these: their hashes stand for them, and none where all have gone. */
  #isProved(open: OpenBatch, count: number): boolean {
    const { proof, tree } = open
    if (!proof) return false
    open.removed += count
    for (let left = proof.length === 0 ? 0 : count; left > 0; left -= 1) {
      const at = tree.leaves * HASH_BYTES
      tree.appendHash(proof.subarray(at, at + HASH_BYTES))
    }
    return true
  }

  #addToRemoved(event: AuditEvent, table: string, batch: ChainBatch): void {
    const detail = `event ${event.id} is in a batch of which retention has removed all events`
    const known = { ...aboutEvent(event, table, batch), broken: true }
    this.#found.add(finding('INSERTED', detail, known))
  }

  async #closeIfComplete(open: OpenBatch): Promise<void> {
    const { batch, tree, count, missing, removed, proof } = open
    if (count + missing + removed < batch.count) return
    this.#open.delete(batch.batch)
    if (proof?.length === 0) return
    if (missing === 0) {
      for (const hash of batch.controlHashes) tree.appendHash(hash)
      if (tree.root().toString('hex') === batch.root) return
    }
    const leaves = await this.#proofs.leavesOf(batch.batch, batch.leavesSha256)
    const edited = leaves ? editedIds(open, leaves) : []
    for (const id of edited) this.#addEdited(batch, id, `event ${id} is not what was sealed`)
    if (missing === 0 && edited.length === 0) {
      this.#addEdited(batch, null, `batch ${batch.batch} is not what was sealed`)
    }
  }

  #addEdited({ batch, sealedAt }: ChainBatch, event: number | null, detail: string): void {
    const known = { event, batch, from: sealedAt, to: this.#readAt, broken: true }
    this.#found.add(finding('EDITED', detail, known))
  }

  #checkWriter(event: AuditEvent, table: string, batch: ChainBatch | null): void {
    const { writers } = this.#policy
    if (event.salt === null && ROW_KINDS.has(event.kind) && !this.#erased.hasSalt(event.id)) {
      const detail = `event ${event.id} has lost its salt, and no erasure says so`
      this.#found.add(finding('EDITED', detail, aboutEvent(event, table, batch)))
    }
    const byErasure = event.kind === 'U' && this.#erased.hasEvent(event.id)
    if (!byErasure && !isLegitimate(event, table, writers)) {
      const did = { I: 'inserted', U: 'updated', D: 'deleted' }[event.kind as 'I' | 'U' | 'D']
      const detail = `${event.account}, who is no writer, ${did} it`
      this.#found.add(finding('EDITED BY', detail, aboutEvent(event, table, batch)))
    }
    if (event.kind === 'B' && batch && batch.accept === null) {
      const detail = `${event.account} wrote it down anew, and nobody has accepted that`
      this.#found.add(finding('EDITED BY', detail, aboutEvent(event, table, batch)))
    }
  }

  /** An id is given out in the order of time, so an old time under a new id is a lie. */
  #checkTime(event: AuditEvent, table: string, batch: ChainBatch): void {
    const { before, serverAt } = batch
    const { earliest, latest } = this.#timesOf(batch)
    const early = before !== null && event.id > before.sealedTo && event.at < earliest
    if (!early && event.at <= latest) return
    const detail = `event ${event.id} says ${event.at}, and came between ${before?.serverAt} and ${serverAt}`
    this.#found.add(finding('CLOCK CHANGED', detail, aboutEvent(event, table, batch)))
  }

  /** What the times of a batch's events may be, as texts: to read each event's takes longer. */
  #timesOf(batch: ChainBatch): { earliest: string; latest: string } {
    if (this.#times?.batch === batch) return this.#times
    const { before, serverAt } = batch
    const { longestStatementMs, clockSkewMs } = this.#policy
    const earliest = before
      ? serverTimeOf(msOfServerTime(before.serverAt) - longestStatementMs)
      : ''
    const latest = serverTimeOf(msOfServerTime(serverAt) + clockSkewMs)
    this.#times = { batch, earliest, latest }
    return this.#times
  }

  #addUnsealed(event: AuditEvent, table: string): void {
    const { head } = this.#chain
    if (
      head &&
      event.id <= head.sealedTo &&
      !this.#waitedFor.has(event.id) &&
      !this.#chain.rolledBack
    ) {
      const detail = `event ${event.id} was put among those that were sealed before`
      const known = { ...aboutEvent(event, table, null), from: head.sealedAt, to: this.#readAt }
      this.#found.add(finding('INSERTED', detail, known))
      return
    }
    this.unsealed += 1
    if (msOfServerTime(this.#readAt) - msOfServerTime(event.at) <= this.#policy.seal.withinMs)
      return
    this.#unsealed ??= { first: event, last: event, count: 0 }
    this.#unsealed.last = event
    this.#unsealed.count += 1
  }

  #endUnsealed(): void {
    if (!this.#unsealed) return
    const { first, last, count } = this.#unsealed
    const detail = `${count} events, ${first.id} to ${last.id}, are in no batch`
    const known = { event: first.id, from: first.at, to: last.at }
    this.#found.add(finding('UNSEALED', detail, known))
  }
}

/** What stays of a batch; a list that is none was not signed, and is a finding of its own. */
function rangesOf(kept: string): readonly IdRange[] {
  try {
    return parseRanges(kept)
  } catch {
    return []
  }
}

function editedIds({ prefixes, ids, count, batch }: OpenBatch, leaves: Buffer): number[] {
  const edited: number[] = []
  let [range, start] = [0, 0]
  // The ids came in the order of the ranges, and some of them are gone.
  for (let at = 0; at < count; at += 1) {
    const id = ids[at] ?? 0
    for (let end = batch.ranges[range]?.[1] ?? id; end < id; end = batch.ranges[range]?.[1] ?? id) {
      start += countIds(batch.ranges.slice(range, range + 1))
      range += 1
    }
    const place = (start + id - (batch.ranges[range]?.[0] ?? id)) * LEAF_PREFIX
    const sealed = leaves.subarray(place, place + LEAF_PREFIX)
    if (!prefixes.subarray(at * LEAF_PREFIX, (at + 1) * LEAF_PREFIX).equals(sealed)) edited.push(id)
  }
  return edited
}

function aboutEvent(event: AuditEvent, table: string, batch: ChainBatch | null): Partial<Finding> {
  return {
    table: table || null,
    row: safeKeyText(event.key),
    event: event.id,
    batch: batch?.batch ?? null,
    from: event.at,
    to: event.at,
    account: event.account,
  }
}
