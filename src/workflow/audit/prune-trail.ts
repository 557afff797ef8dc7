import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import type { AuditPolicy } from '#domain/audit/audit-policy'
import type { SealReport } from '#domain/audit/audit-report'
import { sha256 } from '#domain/audit/canonical'
import { type Pruned, prunedOf } from '#domain/audit/checkpoint'
import {
  commonRanges,
  countIds,
  type IdRange,
  parseRanges,
  RangeBuilder,
  rangesText,
  subtractRanges,
} from '#domain/audit/id-ranges'
import { clockAhead, cutoff, isOldEnough, type PruneReport } from '#domain/audit/retention'
import { sealProblems } from '#domain/audit/seal-problems'
import type { AuditReader, TrailRecord } from '#engine/audit-trail'
import type { Session } from '#engine/session'
import { listAnchors } from './anchors.ts'
import { tablesOf } from './batch-builder.ts'
import { KeptLists, type Release, shorterLists } from './kept-lists.ts'
import { LiveRowEvents } from './live-row-events.ts'
import { openCheckpoint } from './open-checkpoint.ts'
import {
  notAsSigned,
  type OldBatch,
  oldBatch,
  proofOf,
  requireProof,
  requireStayed,
} from './prove-batches.ts'
import { Sealer, type SealOptions } from './seal-trail.ts'
import { noTrail } from './trail-refusals.ts'

export interface PruneOptions extends Omit<SealOptions, 'accept' | 'epochBreak' | 'follow'> {
  /** The database's name; null: only say it. */
  confirmed: string | null
}

interface Plan {
  before: string
  /** Signed by a run that was cut short: they go as that one says. */
  begun: readonly OldBatch[]
  batches: readonly OldBatch[]
  /** What the newest checkpoint signs, and the lists that it is over, to go on from. */
  signed: Pruned
  lists: KeptLists
  /** What stayed of batches before, where some of it is not needed any more. */
  releases: readonly Release[]
  heldBack: string | null
}

/**
 * `ecomdb audit prune`: removes the events of whole sealed batches that are older than the policy
 * keeps, and that enough anchors have. What says what a live row holds stays, with the hashes
 * of the events that were beside it, so that all that is left still verifies. The checkpoint that
 * says so is signed before anything is removed. What stayed at an earlier run is looked at again:
 * it goes when its row is gone or has a newer event.
 *
 * @throws EcomdbError CONFIG_INVALID when the policy keeps all; SCHEMA_MISSING; LOCKED;
 *   CONFIRMATION_REQUIRED for another database; TRAIL_BROKEN when a batch is not what was sealed,
 *   or database and anchors do not fit; SIGNATURE_INVALID when nobody trusted signed a checkpoint;
 *   STORAGE_FAILED when too few anchors have the checkpoint that names what goes: nothing was removed
 */
export async function pruneTrail(options: PruneOptions, progress: Progress): Promise<PruneReport> {
  const { engine, connect, policy, database, confirmed } = options
  if (policy.keepMs === null) throw keepsAll()
  if (confirmed !== null && confirmed !== database) throw otherDatabase(confirmed, database)
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const trail = await engine.auditTrail.readTrail(session)
    if (!trail) throw noTrail(database)
    await engine.auditTrail.lockSealer(session)
    // Before the snapshot, which cannot see a table that is made after it.
    if (confirmed !== null) await engine.auditTrail.ensureStore(session, 'audit')
    const reader = await engine.auditTrail.openReader(connect)
    try {
      const plan = await planPrune(options, policy.keepMs, session, reader, trail, progress)
      const all = [...plan.begun, ...plan.batches]
      // Of a batch that was begun some are gone already.
      const begun = await reader.countIn(plan.begun.flatMap(({ ranges }) => ranges))
      const events = begun + countIds(plan.batches.flatMap(({ ranges }) => ranges))
      const kept = countIds(all.flatMap(one => one.kept))
      const released = countIds(plan.releases.flatMap(({ gone }) => gone))
      const report: PruneReport = {
        ...{ trailId: trail.trailId, dryRun: confirmed === null, before: plan.before },
        batches: all.length ? `${all[0]?.batch}-${all.at(-1)?.batch}` : '',
        ...{ events, kept, released, removed: events - kept + released },
        ...{ heldBack: plan.heldBack, batch: null, warnings: [] },
      }
      if (confirmed === null || all.length + released === 0) return report
      const run = { options, session, reader, trail, progress }
      return { ...report, ...(await prune(run, plan, report.removed)) }
    } finally {
      await reader.close()
    }
  } finally {
    await session.close()
  }
}

async function planPrune(
  options: PruneOptions,
  keepMs: number,
  session: Session,
  reader: AuditReader,
  trail: TrailRecord,
  progress: Progress,
): Promise<Plan> {
  const now = options.clock.now()
  const before = cutoff(reader.serverAt, now, keepMs)
  const ahead = clockAhead(reader.serverAt, now)
  if (Math.abs(ahead) > options.policy.clockSkewMs) warnOfClocks(ahead, progress)
  progress.stage('reading old checkpoints')
  const last = await options.engine.auditTrail.lastBatch(session)
  const head = last && openCheckpoint(last.statement, options.trustedSigners, `batch ${last.batch}`)
  const signed = prunedOf(head)
  const { lists, highest: listed } = await signedLists(signed, reader)
  const begun = await begunBatches(options, session, reader, signed.upTo, lists)
  const from = signed.upTo + 1
  const newest = head?.batch ?? 0
  const { batches, heldBack } = await oldBatches(options, reader, trail, { from, before, newest })
  const highest = Math.max(listed, ...batches.map(({ ranges }) => ranges.at(-1)?.[1] ?? 0))
  const plan = { before, begun, batches, signed, lists, releases: [], heldBack }
  if (highest === 0) return plan
  progress.stage('looking for the newest event of every row')
  const states = new LiveRowEvents(tablesOf(trail))
  try {
    for await (const event of reader.events()) {
      states.add(event)
      progress.advance({ items: 1 })
    }
    const builder = new RangeBuilder()
    for (const id of states.ids(highest)) builder.add(id)
    for (const one of batches) one.kept = commonRanges(one.ranges, builder.ranges)
    return { ...plan, ...(await shorterLists(signed.upTo, lists, reader, builder.ranges)) }
  } finally {
    states.close()
  }
}

/**
 * The lists of what stays of what was removed before.
 * @throws EcomdbError TRAIL_BROKEN when they are not what was signed: nobody signs them anew
 */
async function signedLists(
  { upTo, kept }: Pruned,
  reader: AuditReader,
): Promise<{ lists: KeptLists; highest: number }> {
  if (upTo === 0) return { lists: new KeptLists(), highest: 0 }
  const lists = await KeptLists.read(reader.keptEvents(), upTo)
  if (lists.root() === kept) return { lists, highest: lists.highest }
  throw notAsSigned(`1-${upTo}`)
}

/** Of a run that was cut short: what goes of them is signed, and the hashes for it are here. */
async function begunBatches(
  { engine, trustedSigners }: PruneOptions,
  session: Session,
  reader: AuditReader,
  upTo: number,
  lists: KeptLists,
): Promise<OldBatch[]> {
  const left = upTo > 0 ? await engine.auditTrail.removalsLeft(session, upTo) : []
  const begun: OldBatch[] = []
  for (const batch of left) {
    const one = await storedBatch({ engine, trustedSigners }, session, batch)
    const proof = await reader.leafProof(one.batch)
    const { hashes = Buffer.alloc(0), kept = '' } = proof ?? {}
    requireProof(one, hashes)
    if (!lists.isSame({ batch: one.batch, ids: kept })) throw notAsSigned(`${one.batch}`)
    begun.push({ ...one, kept: parseRanges(kept) })
  }
  return begun
}

async function storedBatch(
  { engine, trustedSigners }: Pick<PruneOptions, 'engine' | 'trustedSigners'>,
  session: Session,
  batch: number,
): Promise<OldBatch> {
  const stored = await engine.auditTrail.readBatch(session, batch)
  if (!stored) throw notAsSigned(`${batch}`)
  return oldBatch(openCheckpoint(stored.statement, trustedSigners, `batch ${batch}`))
}

/** From the oldest on, as long as each is old enough and in enough anchors. */
async function oldBatches(
  options: PruneOptions,
  reader: AuditReader,
  trail: TrailRecord,
  { from, before, newest }: { from: number; before: string; newest: number },
): Promise<{ batches: OldBatch[]; heldBack: string | null }> {
  const { policy, trustedSigners, anchors } = options
  const batches: OldBatch[] = []
  const { places } = await listAnchors(trail.trailId, anchors)
  const wanted = anchorsWanted(policy)
  for await (const stored of reader.batches(from)) {
    const { batch, statement } = stored
    const checkpoint = openCheckpoint(stored.statement, trustedSigners, `batch ${stored.batch}`)
    if (!isOldEnough(checkpoint, newest, before)) break
    let found = 0
    for (const { anchor } of places.filter(one => one.batches.includes(batch))) {
      const there = await anchor.statement(batch)
      if (there && sha256(there).equals(sha256(statement))) found += 1
    }
    if (found < wanted) {
      return { batches, heldBack: `batch ${batch} is in ${found} anchors of ${wanted}` }
    }
    batches.push(oldBatch(checkpoint))
  }
  return { batches, heldBack: null }
}

/** A policy that wants none has no trail whose past can go: nothing would say that it was as it was. */
function anchorsWanted({ anchors }: Pick<AuditPolicy, 'anchors'>): number {
  return Math.max(1, anchors)
}

interface Run {
  options: PruneOptions
  session: Session
  reader: AuditReader
  trail: TrailRecord
  progress: Progress
}

/**
 * The proofs, then the checkpoint that says so, then the events: cut short, it can go on.
 * @param events how many are to be removed
 */
async function prune(
  { options, session, reader, trail, progress }: Run,
  plan: Plan,
  events: number,
): Promise<Pick<PruneReport, 'batch' | 'removed' | 'warnings'>> {
  const { engine, policy, database } = options
  const { batches, signed, lists, releases } = plan
  // First: what does not fit the anchors is neither proved nor signed.
  const seal = { ...options, accept: null, epochBreak: null, follow: false }
  const sealer = await Sealer.open(seal, session, trail, progress)
  progress.stage('proving what stays')
  for (const { batch, was } of releases) {
    await requireStayed(await storedBatch(options, session, batch), was, reader, trail)
  }
  for (const one of batches) {
    const hashes = await proofOf(one, reader, trail)
    const kept = rangesText(one.kept)
    await engine.auditTrail.storeLeafProof(session, one.batch, { hashes, kept })
    lists.add({ batch: one.batch, ids: kept })
  }
  progress.stage('sealing what is removed')
  const upTo = batches.at(-1)?.batch ?? signed.upTo
  const shorter = releases.map(({ batch, kept }) => ({ batch, ids: rangesText(kept) }))
  await sealer.sealPruned({ upTo, kept: lists.root(), shorter })
  requireAnchored(sealer.report(), anchorsWanted(policy))
  const detail = { batches: `1-${upTo}`, events }
  const operation = { command: 'audit prune', subject: database, detail }
  await engine.accessCatalog.recordOperation(session, operation)
  progress.stage('removing events')
  const removed = await removeAll(options, session, goingOf(plan), progress)
  const report = sealer.report()
  return {
    ...{ batch: report.head?.batch ?? 0, removed },
    warnings: sealProblems(report, policy.anchors),
  }
}

interface Going {
  batch: number
  gone: readonly IdRange[]
  stays: boolean
}

/** By batch: what a row held goes before the event that says that the row is gone. */
function goingOf({ begun, batches, releases }: Plan): Going[] {
  const going = new Map<number, Going>()
  for (const { batch, ranges, kept } of [...begun, ...batches]) {
    going.set(batch, { batch, gone: subtractRanges(ranges, kept), stays: kept.length > 0 })
  }
  for (const { batch, gone, kept } of releases) {
    const more = going.get(batch)?.gone ?? []
    const both = [...more, ...gone].sort((a, b) => a[0] - b[0])
    going.set(batch, { batch, gone: both, stays: kept.length > 0 })
  }
  return [...going.values()].sort((a, b) => a.batch - b.batch)
}

async function removeAll(
  { engine: { auditTrail } }: PruneOptions,
  session: Session,
  going: readonly Going[],
  progress: Progress,
): Promise<number> {
  let removed = 0
  for (const { batch, gone, stays } of going) {
    removed += await auditTrail.removeEvents(session, gone)
    await auditTrail.endRemoval(session, batch, stays)
    progress.advance({ items: countIds(gone) })
  }
  return removed
}

/**
 * What says that events may go is elsewhere before they go.
 * @throws EcomdbError STORAGE_FAILED: nothing was removed, and the next run goes on
 */
function requireAnchored({ anchors }: SealReport, wanted: number): void {
  const failed = anchors.filter(one => one.failed).length
  if (anchors.length - failed >= wanted) return
  throw new EcomdbError('STORAGE_FAILED', {
    what: `${anchors.length - failed} anchors of ${wanted} have the checkpoint that names what goes`,
    why: 'without it an anchor could not tell a prune from a loss; nothing was removed',
    hints: ['see that the anchors can be written to, and run the command again'],
  })
}

function warnOfClocks(ahead: number, progress: Progress): void {
  const seconds = Math.abs(Math.round(ahead / 1000))
  const way = ahead > 0 ? 'ahead of' : 'behind'
  progress.warn(
    `the server's clock is ${seconds} s ${way} this host's: what is old goes by the one that is behind`,
  )
}

function keepsAll(): EcomdbError {
  return new EcomdbError('CONFIG_INVALID', {
    what: 'the audit policy keeps every event',
    why: '`keep` is not set in it',
    hints: ['write how long events are kept into policies/audit.yaml: `keep: 400d`'],
  })
}

function otherDatabase(confirmed: string, database: string): EcomdbError {
  return new EcomdbError('CONFIRMATION_REQUIRED', {
    what: `--confirm ${confirmed} is not the database that is audited`,
    why: `it is ${database}`,
    hints: [`repeat with --confirm ${database}`],
  })
}
