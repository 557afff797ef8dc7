import { messageOf } from '#core/errors'
import { type AnchorEnd, SEALING_MS } from '#domain/audit/anchor-problems'
import type { AuditPolicy } from '#domain/audit/audit-policy'
import { sha256 } from '#domain/audit/canonical'
import { type Checkpoint, type EpochBreak, type Pruned, prunedOf } from '#domain/audit/checkpoint'
import { compareControls } from '#domain/audit/compare-controls'
import { type ErasureRecord, erasuresOf } from '#domain/audit/erasure'
import { type Control, controlLeaf } from '#domain/audit/event'
import { type FindingList, finding } from '#domain/audit/finding'
import { type IdRange, parseRanges } from '#domain/audit/id-ranges'
import { leafHash, MerkleTree } from '#domain/audit/merkle'
import { explains, type RestoredTrail } from '#domain/audit/restored-trail'
import { msOfServerTime } from '#domain/audit/server-time'
import type { Anchor } from './anchors.ts'
import { openCheckpoint } from './open-checkpoint.ts'
import { believedRestores } from './restored-statements.ts'
import type { TrailSource } from './trail-source.ts'
import { WatchVerifier } from './verify-watch.ts'

/** A batch as the verification of its events needs it. */
export interface ChainBatch extends Omit<Checkpoint, 'events' | 'controls' | 'pruned' | 'kept'> {
  ranges: readonly IdRange[]
  /** The hashes of the controls' leaves, which come after the events'. */
  controlHashes: readonly Buffer[]
  /** Of the batch before: nothing older can have come later. */
  before: { serverAt: string; sealedTo: number } | null
  /** Its events are not looked for: a restore has lost them. */
  excused: boolean
  /** Retention has removed events of it, and kept the hashes of their leaves where some stay. */
  pruned: boolean
}

export interface ChainOptions {
  policy: AuditPolicy
  trustedSigners: readonly string[]
  /** Is told of every checkpoint of the database that a trusted signer signed. */
  onSealed?: (checkpoint: Checkpoint) => void
}

export interface Chain {
  /** Those with events, and the newest. */
  batches: ChainBatch[]
  head: ChainBatch | null
  checked: number
  /** Batches that only anchors have, after the database's newest. */
  rolledBack: boolean
  /** What was signed as meant, in words. */
  told: readonly string[]
  /** Erasures that were carried out in this database. */
  erasures: readonly ErasureRecord[]
  /** Is to be told of the events. */
  watch: WatchVerifier
  /** What nobody watched, in words. */
  notes: readonly string[]
  /** As the newest checkpoint of the database says. */
  pruned: Pruned
  /** Anchors that do not have the newest checkpoint. */
  behind: readonly AnchorEnd[]
}

interface Candidate {
  place: string
  sha256: string
  checkpoint: Checkpoint | null
  problem: string | null
}

/** Everything that the chain of checkpoints says of itself, place against place. */
export async function verifyChain(
  source: TrailSource,
  anchors: readonly { anchor: Anchor; batches: readonly number[] }[],
  { policy, trustedSigners, onSealed }: ChainOptions,
  found: FindingList,
): Promise<Chain> {
  const stored = source.batches()[Symbol.asyncIterator]()
  const inAnchors = anchors.map(({ anchor, batches }) => {
    return { anchor, batches: new Set(batches), last: batches.at(-1) ?? 0 }
  })
  const lastAnchored = Math.max(0, ...inAnchors.map(({ last }) => last))
  const restores = believedRestores(source.restored, trustedSigners)
  const walk = new ChainWalk(source, policy, found, restores)
  let next = await stored.next()
  for (let batch = 1; !next.done || batch <= lastAnchored; batch += 1) {
    const candidates: Candidate[] = []
    const inDatabase = !next.done && next.value.batch <= batch
    if (!next.done && next.value.batch <= batch) {
      const own = candidate(source.label, next.value.statement, batch, trustedSigners)
      candidates.push(own)
      if (own.checkpoint) onSealed?.(own.checkpoint)
      next = await stored.next()
    }
    for (const { anchor, batches } of inAnchors) {
      const file = batches.has(batch) ? await anchor.statement(batch) : null
      if (file) candidates.push(candidate(anchor.label, file, batch, trustedSigners))
    }
    // An export is older than the anchors that it is compared with.
    if (next.done && !inDatabase && isAfter(candidates, source.sealedUntil)) break
    const lacking = inAnchors.filter(({ batches, last }) => last > batch && !batches.has(batch))
    const ended = inAnchors.filter(({ last }) => last === batch - 1)
    walk.step(batch, candidates, {
      inDatabase,
      lacking: lacking.map(({ anchor }) => anchor.label),
      ended: ended.map(({ anchor }) => anchor.label),
    })
  }
  return walk.end()
}

function isAfter(candidates: readonly Candidate[], sealedUntil: string | null): boolean {
  if (sealedUntil === null) return false
  const until = msOfServerTime(sealedUntil) - SEALING_MS
  return candidates.some(
    ({ checkpoint }) => checkpoint && msOfServerTime(checkpoint.serverAt) > until,
  )
}

function candidate(
  place: string,
  file: Buffer,
  batch: number,
  trustedSigners: readonly string[],
): Candidate {
  const hash = sha256(file).toString('hex')
  try {
    const checkpoint = openCheckpoint(file, trustedSigners, `batch ${batch}`)
    const problem = checkpoint.batch === batch ? null : `it is of batch ${checkpoint.batch}`
    return { place, sha256: hash, checkpoint: problem ? null : checkpoint, problem }
  } catch (error) {
    return { place, sha256: hash, checkpoint: null, problem: messageOf(error) }
  }
}

class ChainWalk {
  readonly #source: TrailSource
  readonly #policy: AuditPolicy
  readonly #found: FindingList
  readonly #restores: readonly RestoredTrail[]
  readonly #batches: ChainBatch[] = []
  readonly #told: string[] = []
  readonly #erasures: { batch: ChainBatch; records: readonly ErasureRecord[] }[] = []
  #head: (ChainBatch & { sha256: string }) | null = null
  #checked = 0
  /** The newest batch that the database has. */
  #databaseEnd = 0
  #databaseEndSha256 = ''
  #controls: readonly Control[] = []
  /** Batches in a row that only anchors have. */
  #missing: ChainBatch[] = []
  #rolledBack = false
  #pruned: Pruned = { upTo: 0, kept: '' }
  readonly #watch: WatchVerifier
  readonly #behind: AnchorEnd[] = []

  constructor(
    source: TrailSource,
    policy: AuditPolicy,
    found: FindingList,
    restores: readonly RestoredTrail[],
  ) {
    this.#source = source
    this.#policy = policy
    this.#found = found
    this.#restores = restores
    this.#watch = new WatchVerifier(found)
  }

  step(
    batch: number,
    candidates: readonly Candidate[],
    {
      inDatabase,
      lacking,
      ended,
    }: { inDatabase: boolean; lacking: readonly string[]; ended: readonly string[] },
  ): void {
    for (const { place, problem } of candidates) {
      if (problem === null) continue
      this.#add('FORKED', `checkpoint ${batch} of ${place}: ${problem}`, batch, true)
    }
    const good = candidates.filter(({ checkpoint }) => checkpoint !== null)
    const hashes = new Set(good.map(one => one.sha256))
    if (hashes.size > 1) {
      const places = good.map(one => one.place).join(', ')
      this.#add(
        'FORKED',
        `checkpoint ${batch} is signed twice, differently: ${places}`,
        batch,
        true,
      )
    }
    for (const label of lacking)
      this.#add('GAP', `checkpoint ${batch} is gone from ${label}`, batch)
    // Whoever can write to the database can rarely write to an anchor.
    const chosen = good.at(-1)
    if (!chosen?.checkpoint) {
      if (candidates.length === 0) this.#add('GAP', `checkpoint ${batch} is nowhere`, batch)
      return
    }
    if (inDatabase) {
      this.#databaseEnd = batch
      this.#databaseEndSha256 = chosen.sha256
    }
    const { sealedAt } = chosen.checkpoint
    for (const label of ended) this.#behind.push({ label, last: batch - 1, since: sealedAt })
    this.#checked += 1
    this.#link(chosen.checkpoint, chosen.sha256, inDatabase)
  }

  #link(checkpoint: Checkpoint, hash: string, inDatabase: boolean): void {
    const { batch, trail, previous, epochBreak } = checkpoint
    const before = this.#head
    if (trail !== this.#source.trail.trailId) {
      this.#add('FORKED', `checkpoint ${batch} is of the trail ${trail}`, batch, true)
    }
    if (before && before.batch === batch - 1 && previous !== before.sha256) {
      this.#add('FORKED', `checkpoint ${batch} does not follow the one before it`, batch, true)
    }
    const restored = epochBreak ? this.#restored(epochBreak.restoredTo) : null
    const base = restored ?? before
    const { events, controls, pruned, kept, ...rest } = checkpoint
    const controlHashes = controls.map(control => leafHash(controlLeaf(control)))
    const one: ChainBatch = {
      ...rest,
      ranges: parseRanges(events),
      controlHashes,
      before: base && { serverAt: base.serverAt, sealedTo: base.sealedTo },
      excused: false,
      pruned: false,
    }
    if (epochBreak) {
      this.#excuse(parseRanges(epochBreak.lost))
      this.#told.push(breakText(checkpoint, epochBreak))
    }
    if (before && checkpoint.accept === null) {
      const known = { from: before.sealedAt, to: checkpoint.sealedAt, batch }
      this.#found.add(...compareControls(this.#controls, controls, known))
    }
    this.#watch.addBatch(checkpoint)
    this.#controls = controls
    const records = erasuresOf(controls)
    if (records.length > 0) this.#erasures.push({ batch: one, records })
    this.#compareClocks(checkpoint)
    if (checkpoint.count === 0) this.#checkEmpty(one)
    if (!inDatabase) this.#missing.push(one)
    this.#batches.push(one)
    // What anchors have beyond the database says nothing of what is in it.
    if (inDatabase) this.#pruned = prunedOf({ pruned, kept })
    this.#head = { ...one, sha256: hash }
  }

  /** A batch without events is only its controls. */
  #checkEmpty(one: ChainBatch): void {
    const tree = new MerkleTree()
    for (const hash of one.controlHashes) tree.appendHash(hash)
    one.controlHashes = []
    if (tree.root().toString('hex') === one.root) return
    this.#add(
      'EDITED',
      `the controls of batch ${one.batch} are not what was signed`,
      one.batch,
      true,
    )
  }

  #restored(batch: number): ChainBatch | null {
    return this.#batches.find(one => one.batch === batch) ?? null
  }

  /** What a restore has lost is not looked for, and ids may come again. */
  #excuse(lost: readonly IdRange[]): void {
    const isLost = ({ batch }: ChainBatch): boolean => isWithin(batch, lost)
    for (const one of this.#batches.filter(isLost)) one.excused = true
    this.#missing = this.#missing.filter(one => !isLost(one))
  }

  #compareClocks({ batch, serverAt, sealedAt }: Checkpoint): void {
    const apart = msOfServerTime(serverAt) - Date.parse(sealedAt)
    if (Math.abs(apart) <= this.#policy.clockSkewMs) return
    const detail = `the server's clock was ${Math.round(apart / 1000)} s from the sealing host's`
    const known = { batch, from: serverAt, to: sealedAt }
    this.#found.add(finding('CLOCK CHANGED', detail, known))
  }

  end(): Chain {
    const after = this.#missing.filter(({ batch }) => batch > this.#databaseEnd)
    const inside = this.#missing.filter(({ batch }) => batch < this.#databaseEnd)
    for (const { batch } of inside)
      this.#add('GAP', `checkpoint ${batch} is gone from the database`, batch)
    const [first, last] = [after.at(0), after.at(-1)]
    const restored = this.#explained(last ?? null)
    if (first && last) {
      this.#rolledBack = true
      for (const one of after) one.excused = true
      const detail = `the database ends at batch ${this.#databaseEnd}, and anchors go on to ${last.batch}`
      const known = { batch: first.batch, from: first.before?.serverAt ?? null, to: last.sealedAt }
      if (!restored) this.#found.add(finding('ROLLED BACK', detail, known))
    }
    if (restored) {
      this.#told.push(`${restored.reason}: the next seal breaks the epoch, and none has come yet`)
    }
    const { controls, readAt } = this.#source
    if (this.#head && controls && !this.#rolledBack && !restored) {
      const known = { from: this.#head.sealedAt, to: readAt, batch: null }
      this.#found.add(...compareControls(this.#controls, controls, known))
    }
    this.#tellPruned(this.#pruned.upTo)
    return {
      batches: this.#batches.filter(one => one.count > 0),
      head: this.#head,
      checked: this.#checked,
      rolledBack: this.#rolledBack,
      told: this.#told,
      erasures: [...this.#erasedHere(), ...(restored?.erasures ?? [])],
      ...{ watch: this.#watch, notes: this.#watch.endBatches() },
      ...{ pruned: this.#pruned, behind: this.#behind },
    }
  }

  /** A restore loses an erasure with the batch that says so. */
  #erasedHere(): ErasureRecord[] {
    return this.#erasures.filter(({ batch }) => !batch.excused).flatMap(({ records }) => records)
  }

  #tellPruned(upTo: number): void {
    const gone = this.#batches.filter(({ batch }) => batch <= upTo)
    for (const one of gone) one.pruned = true
    const last = gone.at(-1)
    if (!last) return
    this.#told.push(
      `retention removed events of batches 1-${upTo}, up to ${last.serverAt}; what is newest of a row that is there stayed`,
    )
  }

  /** What `ecomdb restore` says of the state that was found. @param last only in anchors */
  #explained(last: ChainBatch | null): RestoredTrail | null {
    const state = {
      trail: this.#source.trail.trailId,
      newest: this.#databaseEnd
        ? { batch: this.#databaseEnd, sha256: this.#databaseEndSha256 }
        : null,
      ahead: last && { batch: last.batch, sha256: this.#head?.sha256 ?? '' },
    }
    return this.#restores.find(one => explains(one, state)) ?? null
  }

  #add(kind: 'FORKED' | 'GAP' | 'EDITED', detail: string, batch: number, broken = false): void {
    const from = this.#head?.sealedAt ?? null
    this.#found.add(finding(kind, detail, { batch, from, to: this.#source.readAt, broken }))
  }
}

function isWithin(batch: number, ranges: readonly IdRange[]): boolean {
  return ranges.some(([from, to]) => batch >= from && batch <= to)
}

function breakText({ batch, epoch }: Checkpoint, { lost, reason }: EpochBreak): string {
  const what = lost ? `batches ${lost} were lost` : 'no batch was lost'
  return `epoch ${epoch} begins with batch ${batch}: ${what} (${reason})`
}
