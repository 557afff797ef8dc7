import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import { openStatement } from '#crypto/signed-statement'
import { sha256 } from '#domain/audit/canonical'
import { type Checkpoint, checkpointOf } from '#domain/audit/checkpoint'
import { controlLeaf, eventLeaf } from '#domain/audit/event'
import {
  countIds,
  type IdRange,
  parseRanges,
  RangeBuilder,
  subtractRanges,
} from '#domain/audit/id-ranges'
import { leafHash, MerkleTree } from '#domain/audit/merkle'
import { clockAhead, cutoff, isOldEnough, type PruneReport } from '#domain/audit/retention'
import type { AuditReader, TrailRecord } from '#engine/audit-trail'
import type { Session } from '#engine/session'
import { listAnchors } from './anchors.ts'
import { tableOf } from './batch-builder.ts'
import { NewestEvents } from './newest-events.ts'
import { noTrail, Sealer, type SealOptions } from './seal-trail.ts'

export interface PruneOptions extends Omit<SealOptions, 'accept' | 'epochBreak' | 'follow'> {
  /** The database's name; null: only say it. */
  confirmed: string | null
}

/** A batch that goes. */
interface OldBatch {
  batch: number
  ranges: readonly IdRange[]
  /** Its root, and the leaves that come after the events', to see that it is as it was sealed. */
  root: string
  controlHashes: readonly Buffer[]
}

interface Plan {
  before: string
  batches: readonly OldBatch[]
  /** Ids of these batches that stay. */
  kept: readonly IdRange[]
  heldBack: string | null
}

/**
 * `ecomdb audit prune`: removes the events of whole sealed batches that are older than the policy
 * keeps, and that enough anchors have. What says what a live row holds stays, with the hashes
 * of the events that were beside it, so that all that is left still verifies. The checkpoint that
 * says so is signed before anything is removed.
 *
 * @throws EcomdbError CONFIG_INVALID when the policy keeps all; SCHEMA_MISSING; LOCKED;
 *   CONFIRMATION_REQUIRED for another database; TRAIL_BROKEN when a batch is not what was sealed
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
      const ranges = plan.batches.flatMap(one => one.ranges)
      const events = countIds(ranges)
      const kept = countIds(plan.kept)
      const numbers = plan.batches.map(({ batch }) => batch)
      const report: PruneReport = {
        ...{ trailId: trail.trailId, dryRun: confirmed === null, before: plan.before },
        batches: numbers.length ? `${numbers[0]}-${numbers.at(-1)}` : '',
        ...{ events, kept, removed: events - kept, heldBack: plan.heldBack, batch: null },
      }
      if (confirmed === null || numbers.length === 0) return report
      const { batch, removed } = await prune(options, session, reader, trail, plan, progress)
      return { ...report, batch, removed }
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
  const from = (await options.engine.auditTrail.prunedTo(session)) + 1
  const newest = (await options.engine.auditTrail.lastBatch(session))?.batch ?? 0
  const { batches, heldBack } = await oldBatches(options, reader, trail, { from, before, newest })
  const ranges = batches.flatMap(one => one.ranges)
  const last = ranges.reduce((max, [, to]) => Math.max(max, to), 0)
  if (last === 0) return { before, batches, kept: [], heldBack }
  progress.stage('looking for the newest event of every row')
  const states = new NewestEvents(tablesOf(trail))
  try {
    for await (const event of reader.events()) {
      states.add(event)
      progress.advance({ items: 1 })
    }
    const builder = new RangeBuilder()
    for (const id of states.ids(last)) builder.add(id)
    const sorted = [...ranges].sort((a, b) => a[0] - b[0])
    const kept = subtractRanges(sorted, subtractRanges(sorted, builder.ranges))
    return { before, batches, kept, heldBack }
  } finally {
    states.close()
  }
}

function tablesOf({ layouts }: TrailRecord): Map<number, string> {
  return new Map(layouts.map(({ id, table }) => [id, table]))
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
  const wanted = Math.max(1, policy.anchors)
  for await (const { batch, statement } of reader.batches(from)) {
    const opened = openStatement('audit-checkpoint', statement, trustedSigners, `batch ${batch}`)
    const checkpoint = checkpointOf(opened.value)
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

function oldBatch({ batch, events, root, controls }: Checkpoint): OldBatch {
  const controlHashes = controls.map(control => leafHash(controlLeaf(control)))
  return { batch, ranges: parseRanges(events), root, controlHashes }
}

/** The proofs, then the checkpoint that says so, then the events: cut short, it can go on. */
async function prune(
  options: PruneOptions,
  session: Session,
  reader: AuditReader,
  trail: TrailRecord,
  { batches, kept }: Plan,
  progress: Progress,
): Promise<{ batch: number; removed: number }> {
  const { auditTrail } = options.engine
  progress.stage('proving what stays')
  for (const one of batches) {
    const proof = await proofOf(one, reader, trail)
    if (proof) await auditTrail.storeLeafProof(session, one.batch, proof)
  }
  progress.stage('sealing what is removed')
  const seal = { ...options, accept: null, epochBreak: null, follow: false }
  const sealer = await Sealer.open(seal, session, trail, progress)
  await sealer.sealPruned(batches.at(-1)?.batch ?? 0)
  requireAnchored(sealer, options.policy.anchors)
  progress.stage('removing events')
  let removed = 0
  for (const { batch, ranges } of batches) {
    const going = subtractRanges(ranges, kept)
    removed += await auditTrail.removeEvents(session, going)
    await auditTrail.endRemoval(session, batch, countIds(going) < countIds(ranges))
    progress.advance({ items: countIds(ranges) })
  }
  const recorded = { batches: `1-${batches.at(-1)?.batch}`, events: removed }
  const operation = { command: 'audit prune', subject: options.database, detail: recorded }
  await options.engine.accessCatalog.recordOperation(session, operation)
  return { batch: sealer.report().head?.batch ?? 0, removed }
}

/**
 * What says that events may go is elsewhere before they go.
 * @throws EcomdbError STORAGE_FAILED: nothing was removed, and the next run goes on
 */
function requireAnchored(sealer: Sealer, wanted: number): void {
  const { anchors } = sealer.report()
  const failed = anchors.filter(one => one.failed).length
  if (anchors.length - failed >= wanted) return
  throw new EcomdbError('STORAGE_FAILED', {
    what: `${anchors.length - failed} anchors of ${wanted} have the checkpoint that names what goes`,
    why: 'without it an anchor could not tell a prune from a loss; nothing was removed',
    hints: ['see that the anchors can be written to, and run the command again'],
  })
}

/**
 * The leaf hashes of all events of a batch.
 *
 * @returns null when a run that was cut short has removed some of them, and kept the hashes
 * @throws EcomdbError TRAIL_BROKEN when it is not what was sealed: evidence is not removed
 */
async function proofOf(
  { batch, ranges, root, controlHashes }: OldBatch,
  reader: AuditReader,
  trail: TrailRecord,
): Promise<Buffer | null> {
  if (await reader.leafProof(batch)) return null
  const tables = tablesOf(trail)
  const tree = new MerkleTree()
  const hashes: Buffer[] = []
  for await (const event of ranges.length ? reader.events(ranges) : []) {
    const hash = leafHash(eventLeaf(event, tableOf(event, tables)))
    tree.appendHash(hash)
    hashes.push(hash)
  }
  for (const hash of controlHashes) tree.appendHash(hash)
  if (tree.root().toString('hex') === root) return Buffer.concat(hashes)
  throw new EcomdbError('TRAIL_BROKEN', {
    what: `batch ${batch} is not what was sealed, and stays`,
    why: 'one of its events was changed or removed; nothing was removed now',
    hints: ['`ecomdb audit verify` names the event'],
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
