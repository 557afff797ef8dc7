import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import { toolVersion } from '#core/version'
import type { SigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import type { AuditPolicy } from '#domain/audit/audit-policy'
import type { SealReport } from '#domain/audit/audit-report'
import { sha256 } from '#domain/audit/canonical'
import {
  type Checkpoint,
  type EpochBreak,
  NOTHING_SEALED,
  nextState,
  type SealStart,
} from '#domain/audit/checkpoint'
import { controlsDiffer } from '#domain/audit/compare-controls'
import { type ErasureRecord, erasureControl, erasuresOf } from '#domain/audit/erasure'
import type { Control } from '#domain/audit/event'
import { parseRanges } from '#domain/audit/id-ranges'
import { explains, type RestoredTrail } from '#domain/audit/restored-trail'
import { RIGHTS_UNREAD, watchedRights } from '#domain/audit/rights-watch'
import { isWatched } from '#domain/audit/server-watch'
import type { AuditReader, TrailRecord } from '#engine/audit-trail'
import type { Engine } from '#engine/engine'
import type { Session } from '#engine/session'
import type { Target } from '#target/target'
import { type AnchorState, Anchors } from './anchor-set.ts'
import { type BatchBuilder, batchesOf, tablesOf } from './batch-builder.ts'
import { erasuresToSeal } from './erasure-records.ts'
import type { AuditedServer } from './install-audit.ts'
import type { Removal } from './kept-lists.ts'
import { openCheckpoint } from './open-checkpoint.ts'
import { believedRestores } from './restored-statements.ts'
import { noBreak, noTrail, rolledBack } from './trail-refusals.ts'
import { watchServer } from './watch-server.ts'

export interface SealOptions extends AuditedServer {
  policy: AuditPolicy
  key: SigningKey
  trustedSigners: readonly string[]
  anchors: readonly Target[]
  /** A person says that what changed beside the rows, and a new baseline, are meant. */
  accept: string | null
  /** A person says why the database is older than the anchors. */
  epochBreak: string | null
  /** Go on until a signal comes. */
  follow: boolean
  clock: Clock
  /** Ends following; for tests. */
  signal?: AbortSignal
}

/** What one look found beside the rows. */
interface Observed {
  controls: readonly Control[]
  /** Those of which events of the same snapshot say what changed. */
  watched: readonly Control[]
}

/** The newest checkpoint, and the SHA-256 of its file. */
interface Head {
  checkpoint: Checkpoint
  sha256: string
}

/**
 * `ecomdb audit seal`: puts the events that are in no batch yet into batches, signs each, stores
 * it, and takes it to the anchors. One sealer at a time; after days off it catches up.
 *
 * @throws EcomdbError SCHEMA_MISSING without a trail; LOCKED; SIGNATURE_INVALID, TRAIL_BROKEN when
 *   the database and the anchors do not fit: nothing is sealed on top of that
 */
export async function sealTrail(options: SealOptions, progress: Progress): Promise<SealReport> {
  const { engine, connect } = options
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const trail = await engine.auditTrail.readTrail(session)
    if (!trail) throw noTrail(options.database)
    await engine.auditTrail.lockSealer(session)
    const sealer = await Sealer.open(options, session, trail, progress)
    progress.stage('sealing')
    await sealer.seal()
    while (options.follow && !options.signal?.aborted) {
      // In between others may: `audit erase` and `audit prune` seal what they do themselves.
      await engine.auditTrail.unlockSealer(session)
      await sleep(options.policy.seal.everyMs, undefined, { signal: options.signal }).catch(
        () => {},
      )
      if (options.signal?.aborted) break
      if (!(await isLockedAgain(engine, session))) continue
      await sealer.meetOthers()
      await sealer.meetAnchors()
      await sealer.seal()
    }
    return sealer.report()
  } finally {
    await session.close()
  }
}

/** false: another seals now. */
async function isLockedAgain({ auditTrail }: Engine, session: Session): Promise<boolean> {
  try {
    await auditTrail.lockSealer(session)
    return true
  } catch (error) {
    if (error instanceof EcomdbError && error.code === 'LOCKED') return false
    throw error
  }
}

/** Holds the head of a trail; `audit erase` and `audit prune` seal with it what they do. */
export class Sealer {
  readonly #options: SealOptions
  readonly #session: Session
  #trail: TrailRecord
  readonly #anchors: Anchors
  readonly #progress: Progress
  #head: Head | null
  #batches = 0
  #events = 0
  #epochBreak: EpochBreak | null = null
  /** Control leaves of the next batch alone. */
  #once: Control[] = []
  /** What retention removes, as the next batch says it. */
  #pruned: Removal | null = null
  /** The sealer could read the rights of all accounts at its last look. */
  #rightsWatched = true
  /** Records of erasures that were not believed at the last look, in words. */
  #refused: readonly string[] = []
  /** What a person said counts for all that this run finds at its first look. */
  #accept: string | null

  private constructor(
    options: SealOptions,
    session: Session,
    trail: TrailRecord,
    progress: Progress,
    head: Head | null,
  ) {
    this.#options = options
    this.#session = session
    this.#trail = trail
    this.#progress = progress
    this.#head = head
    this.#anchors = new Anchors(options.anchors, trail.trailId)
    this.#accept = head ? options.accept : (options.accept ?? 'the trail begins')
  }

  static async open(
    options: SealOptions,
    session: Session,
    trail: TrailRecord,
    progress: Progress,
  ): Promise<Sealer> {
    const last = await options.engine.auditTrail.lastBatch(session)
    const head = last && headOf(last.statement, `batch ${last.batch}`, options.trustedSigners)
    const sealer = new Sealer(options, session, trail, progress, head)
    await sealer.#breakEpoch(await sealer.#look())
    if (options.epochBreak !== null && !sealer.#epochBreak) throw noBreak()
    await sealer.#catchUp()
    return sealer
  }

  /** Compares the head with the anchors, and brings them what they lack. */
  async meetAnchors(): Promise<void> {
    const ahead = await this.#look()
    if (ahead) throw rolledBack(this.#head?.checkpoint.batch ?? 0, ahead)
    await this.#catchUp()
  }

  /**
   * Goes on from what others have sealed on top of this sealer's last batch.
   * @throws EcomdbError TRAIL_BROKEN when that is gone: the database was restored meanwhile
   */
  async meetOthers(): Promise<void> {
    const { engine, trustedSigners } = this.#options
    const own = this.#head
    // `audit install` may have added a layout.
    this.#trail = (await engine.auditTrail.readTrail(this.#session)) ?? this.#trail
    const last = await engine.auditTrail.lastBatch(this.#session)
    const head = last && headOf(last.statement, `batch ${last.batch}`, trustedSigners)
    if (!own || head?.sha256 === own.sha256) return
    const { batch } = own.checkpoint
    const kept = await engine.auditTrail.readBatch(this.#session, batch)
    if (head && kept && sha256(kept.statement).toString('hex') === own.sha256) {
      this.#head = head
      this.#anchors.lookAgain()
      return
    }
    throw new EcomdbError('TRAIL_BROKEN', {
      what: `batch ${batch}, which was sealed last, is not in the database any more`,
      why: 'the database was restored, or somebody removed batches',
      hints: ['start the sealer again: it compares the database with the anchors'],
    })
  }

  async #look(): Promise<AnchorState | null> {
    const { checkpoint, sha256: head = null } = this.#head ?? {}
    return await this.#anchors.look(checkpoint?.batch ?? 0, head)
  }

  async #catchUp(): Promise<void> {
    await this.#anchors.catchUp(this.#head?.checkpoint.batch ?? 0, async missing =>
      this.#options.engine.auditTrail.readBatch(this.#session, missing),
    )
  }

  /** After a restore, which somebody owns up to: a person, or `ecomdb restore` by its signature. */
  async #breakEpoch(ahead: AnchorState | null): Promise<void> {
    const { epochBreak, trustedSigners } = this.#options
    const batch = this.#head?.checkpoint.batch ?? 0
    const restored = epochBreak === null ? await this.#restored(ahead) : null
    const reason = epochBreak ?? restored?.reason ?? null
    if (!ahead && !restored) return
    if (reason === null) throw rolledBack(batch, ahead)
    const lost = ahead ? `${batch + 1}-${ahead.last}` : ''
    const restoreId = restored?.restoreId ?? null
    this.#epochBreak = { restoredTo: batch, lost, reason, restoreId }
    this.#accept = reason
    this.#once = (restored?.erasures ?? []).map(erasureControl)
    if (!ahead) return
    const newest = headOf(ahead.statement, `batch ${ahead.last} of ${ahead.label}`, trustedSigners)
    const { sealedTo, open }: SealStart = this.#head?.checkpoint ?? NOTHING_SEALED
    // What retention removed after that has come back, too.
    const { pruned = '', kept = '' } = this.#head?.checkpoint ?? {}
    const checkpoint = { ...newest.checkpoint, sealedTo, open, pruned, kept }
    this.#head = { ...newest, checkpoint }
  }

  /** What `ecomdb restore` signed of the state that is found here. */
  async #restored(ahead: AnchorState | null): Promise<RestoredTrail | null> {
    const { engine, trustedSigners } = this.#options
    const statements = await engine.auditTrail.restoredStatements(this.#session)
    const state = {
      trail: this.#trail.trailId,
      newest: this.#head && { batch: this.#head.checkpoint.batch, sha256: this.#head.sha256 },
      ahead: ahead && { batch: ahead.last, sha256: sha256(ahead.statement).toString('hex') },
    }
    const believed = believedRestores(statements, trustedSigners)
    return believed.find(restored => explains(restored, state)) ?? null
  }

  /** One look: all events that can be seen now and are in no batch. */
  async seal(): Promise<void> {
    const { auditTrail } = this.#options.engine
    // In this order: what has ended before the snapshot is in it.
    const oldest = await auditTrail.oldestTransaction(this.#session)
    const watched = await watchServer(this.#options.engine, this.#session)
    this.#warnOfRights(watchedRights(watched) !== null)
    const controls = await auditTrail.controls(this.#session, this.#trail)
    const reader = await auditTrail.openReader(this.#options.connect)
    try {
      await this.#sealSnapshot(reader, { controls, watched }, oldest)
    } finally {
      await reader.close()
    }
    this.#accept = null
  }

  async #sealSnapshot(
    reader: AuditReader,
    { controls, watched }: Observed,
    oldest: string | null,
  ): Promise<void> {
    const { open = [], sealedTo = 0 } = this.#head?.checkpoint ?? {}
    const holes = open.flatMap(({ ids }) => parseRanges(ids))
    const ranges = [...holes.sort((a, b) => a[0] - b[0]), [sealedTo + 1, null] as const]
    const tables = tablesOf(this.#trail)
    const { maxEvents } = this.#options.policy.seal
    await this.#takeErasures(reader)
    for await (const { builder, last } of batchesOf(reader.events(ranges), tables, maxEvents)) {
      const all = [...controls, ...watched]
      if (builder.count === 0 && !this.#isDue(all)) return
      // Only the last batch of a snapshot has seen all of it: the events that say what changed, too.
      const signed = last ? all : [...controls, ...this.#watchedBefore(watched)]
      await this.#store(builder, signed, reader.serverAt, last ? oldest : '')
    }
  }

  #watchedBefore(watched: readonly Control[]): readonly Control[] {
    return this.#head?.checkpoint.controls.filter(isWatched) ?? watched
  }

  /** Once, and again when it has changed. */
  #warnOfRights(areRead: boolean): void {
    if (this.#rightsWatched && !areRead) this.#progress.warn(RIGHTS_UNREAD)
    this.#rightsWatched = areRead
  }

  /** Says with the next batch which erasures were carried out. */
  async sealErasures(records: readonly ErasureRecord[]): Promise<void> {
    this.#sayErasures(records)
    await this.seal()
  }

  /** Those of runs that were cut short before their seal, too. */
  async #takeErasures(reader: AuditReader): Promise<void> {
    const { trustedSigners } = this.#options
    const { records, refused } = await erasuresToSeal(reader, this.#trail, trustedSigners)
    // Once, not at every look.
    for (const why of refused) if (!this.#refused.includes(why)) this.#progress.warn(why)
    this.#refused = refused
    this.#sayErasures(records)
  }

  #sayErasures(records: readonly ErasureRecord[]): void {
    const said = new Set(erasuresOf(this.#once).map(({ erasureId }) => erasureId))
    const more = records.filter(({ erasureId }) => !said.has(erasureId))
    this.#once.push(...more.map(erasureControl))
  }

  /** Says with the next batch what retention removes. */
  async sealPruned(pruned: Removal): Promise<void> {
    this.#pruned = pruned
    await this.seal()
  }

  /** A checkpoint without events comes when something changed, or none came for long. */
  #isDue(controls: readonly Control[]): boolean {
    if (!this.#head || this.#accept !== null || this.#once.length > 0) return true
    if (this.#pruned !== null) return true
    const { checkpoint } = this.#head
    const age = this.#options.clock.now().getTime() - Date.parse(checkpoint.sealedAt)
    return (
      age >= this.#options.policy.seal.heartbeatMs || controlsDiffer(checkpoint.controls, controls)
    )
  }

  async #store(
    builder: BatchBuilder,
    observed: readonly Control[],
    serverAt: string,
    oldest: string | null,
  ): Promise<void> {
    const { key, clock, engine } = this.#options
    const before = this.#head?.checkpoint
    const controls = [...observed, ...this.#once]
    const { root, leaves, ranges } = builder.finish(controls)
    const state = before ?? NOTHING_SEALED
    const checkpoint: Checkpoint = {
      ...{ format: 1, trail: this.#trail.trailId, batch: (before?.batch ?? 0) + 1 },
      epoch: (before?.epoch ?? 1) + (this.#epochBreak && this.#batches === 0 ? 1 : 0),
      previous: this.#head?.sha256 ?? null,
      ...{ sealedAt: clock.now().toISOString(), serverAt },
      ...{ events: ranges, count: builder.count, root },
      leavesSha256: sha256(leaves).toString('hex'),
      controls,
      ...nextState(state, parseRanges(ranges), serverAt, oldest),
      accept: this.#accept,
      epochBreak: this.#batches === 0 ? this.#epochBreak : null,
      pruned: this.#pruned === null ? (before?.pruned ?? '') : `1-${this.#pruned.upTo}`,
      kept: this.#pruned === null ? (before?.kept ?? '') : this.#pruned.kept,
      tool: toolVersion(),
    }
    const statement = signStatement('audit-checkpoint', checkpoint, key)
    const shorter = this.#pruned?.shorter ?? []
    await engine.auditTrail.storeBatch(this.#session, checkpoint, statement, leaves, shorter)
    this.#head = { checkpoint, sha256: sha256(statement).toString('hex') }
    await this.#forgetErasures()
    this.#once = []
    this.#pruned = null
    this.#batches += 1
    this.#events += builder.count
    this.#progress.advance({ items: builder.count })
    for (const failure of await this.#anchors.put(checkpoint.batch, statement, leaves)) {
      this.#progress.warn(failure)
    }
  }

  /** A checkpoint says now what they did. */
  async #forgetErasures(): Promise<void> {
    const ids = erasuresOf(this.#once).map(({ erasureId }) => erasureId)
    await this.#options.engine.auditTrail.forgetErasureRecords(this.#session, ids)
  }

  report(): SealReport {
    const head = this.#head && {
      batch: this.#head.checkpoint.batch,
      sha256: this.#head.sha256,
      sealedAt: this.#head.checkpoint.sealedAt,
      epoch: this.#head.checkpoint.epoch,
    }
    return {
      ...{ trailId: this.#trail.trailId, batches: this.#batches, events: this.#events },
      ...{ head, epochBreak: this.#epochBreak, anchors: this.#anchors.report() },
      ...{ rightsWatched: this.#rightsWatched, refused: this.#refused },
    }
  }
}

function headOf(statement: Buffer, name: string, trustedSigners: readonly string[]): Head {
  const checkpoint = openCheckpoint(statement, trustedSigners, name)
  return { checkpoint, sha256: sha256(statement).toString('hex') }
}
