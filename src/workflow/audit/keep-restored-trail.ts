import { randomUUID } from 'node:crypto'
import { messageOf } from '#core/errors'
import type { Progress } from '#core/progress'
import { countOf } from '#core/units'
import { toolVersion } from '#core/version'
import type { SigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import type { EraseRule } from '#domain/audit/audit-policy'
import type { RestoredTrailReport } from '#domain/audit/audit-report'
import { sha256 } from '#domain/audit/canonical'
import type { ErasureRecord } from '#domain/audit/erasure'
import type { CheckpointName, RestoredTrail } from '#domain/audit/restored-trail'
import type { TrailRecord } from '#engine/audit-trail'
import type { Engine } from '#engine/engine'
import type { ConnectOptions, Session } from '#engine/session'
import type { Target } from '#target/target'
import { listAnchors } from './anchors.ts'
import { missingErasures, repeatErasures } from './erase-person.ts'
import type { LedgerEntry } from './erasure-ledger.ts'

/** What a restore needs to own up to itself in the audit trail. */
export interface TrailKeeper {
  /** The audit key, and why it is not here. */
  key: SigningKey | null
  keyMissing: string | null
  trustedSigners: readonly string[]
  /** What is a person's. */
  rules: readonly EraseRule[]
  anchors(): Promise<readonly Target[]>
}

export interface RestoredServer {
  engine: Engine
  connect: ConnectOptions
  /** Which snapshot, to which moment. */
  reason: string
  restoredAt: Date
  /** Write to the server's binary log. */
  binlog: boolean
}

/**
 * After a restore: signs which state of the trail came back, and by which restore, and leaves
 * that in the restored database. The next seal on it breaks the epoch by that; nothing is put
 * to the anchors here, since a restore beside the live server must not end the live trail.
 *
 * @returns null when the server has no trail
 */
export async function keepRestoredTrail(
  server: RestoredServer,
  keeper: TrailKeeper,
  progress: Progress,
): Promise<RestoredTrailReport | null> {
  const { engine, connect, binlog } = server
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const trail = await engine.auditTrail.readTrail(session)
    if (!trail) return null
    progress.stage('owning up to the audit trail')
    if (!binlog) await engine.auditTrail.leaveOutOfBinlog(session)
    return await signRestore(server, keeper, session, trail)
  } finally {
    await session.close()
  }
}

async function signRestore(
  { engine, connect, reason, restoredAt }: RestoredServer,
  keeper: TrailKeeper,
  session: Session,
  trail: TrailRecord,
): Promise<RestoredTrailReport> {
  const { trailId } = trail
  const last = await engine.auditTrail.lastBatch(session)
  const restoredTo = last && { batch: last.batch, sha256: hashOf(last.statement) }
  const { targets, anchored, findings } = await newestAnchored(trailId, keeper)
  const source = { engine, connect, trail, trustedSigners: keeper.trustedSigners }
  const ledger = await erasedSince(source, targets)
  const unread = [...findings, ...ledger.findings]
  const report = {
    ...{ trailId, restoredTo: restoredTo?.batch ?? 0, anchored: anchored?.batch ?? 0 },
    ...{
      restoreId: null,
      erased: 0,
      findings: [...unread, ...(unread.length ? [LOOK_AGAIN] : [])],
    },
  }
  const { missing, unsaid } = ledger
  if (!keeper.key) {
    const why = `the restore could not be signed in the audit trail: ${keeper.keyMissing}; where the audit key is, say why: \`ecomdb audit seal --epoch-break REASON\``
    return { ...report, findings: [...report.findings, why, ...leftText(missing.length)] }
  }
  const { key, rules } = keeper
  const place = { engine, session, trail, key, rules, database: trail.shopDatabase }
  if (rules.length === 0) report.findings.push(...leftText(missing.length))
  // A backup of an older ecomdb brings a store without the table of their records.
  if (missing.length > 0) await engine.auditTrail.ensureStore(session, 'audit')
  const { records } = await repeatErasures(place, rules.length === 0 ? [] : missing)
  const restored: RestoredTrail = {
    ...{ format: 1, restoreId: randomUUID(), trail: trailId, restoredTo, anchored },
    ...{ restoredAt: restoredAt.toISOString(), reason, tool: toolVersion() },
    erasures: [...unsaid, ...records],
  }
  const statement = signStatement('audit-restore', restored, keeper.key)
  await engine.auditTrail.storeRestored(session, restored.restoreId, statement)
  return { ...report, restoreId: restored.restoreId, erased: records.length }
}

/** What follows from anchors that were not read. */
const LOOK_AGAIN =
  'who was erased since is not known as a whole: where the audit key and all anchors are, run `ecomdb audit erase --replay --confirm replay` before anybody reads'

function leftText(missing: number): string[] {
  if (missing === 0) return []
  return [
    `${countOf(missing, 'person')} of the erasure ledger came back: run \`ecomdb audit erase --replay --confirm replay\` where the audit key is, before anybody reads`,
  ]
}

/** The restore is done by now, and is not undone by what is wrong with the trail. */
async function erasedSince(
  source: Parameters<typeof missingErasures>[0],
  targets: readonly Target[],
): Promise<{ missing: LedgerEntry[]; unsaid: ErasureRecord[]; findings: string[] }> {
  try {
    const { notes, refused, ...erasures } = await missingErasures(source, targets)
    return { ...erasures, findings: [...notes, ...refused] }
  } catch (error) {
    const why = `the erasure ledger could not be compared: ${messageOf(error)}`
    return { missing: [], unsaid: [], findings: [why] }
  }
}

/** The newest checkpoint of any anchor that can be asked. */
async function newestAnchored(
  trailId: string,
  keeper: TrailKeeper,
): Promise<{ targets: readonly Target[]; anchored: CheckpointName | null; findings: string[] }> {
  const findings: string[] = []
  let targets: readonly Target[] = []
  try {
    targets = await keeper.anchors()
    if (targets.length === 0) findings.push('no anchor was asked: audit.anchors names none')
    const { places, notes: unasked } = await listAnchors(trailId, targets)
    findings.push(...unasked)
    const [furthest] = places
      .map(({ anchor, batches }) => ({ anchor, batch: batches.at(-1) ?? 0 }))
      .sort((a, b) => b.batch - a.batch)
    const statement = furthest?.batch ? await furthest.anchor.statement(furthest.batch) : null
    if (!furthest || !statement) return { targets, anchored: null, findings }
    const anchored = { batch: furthest.batch, sha256: hashOf(statement) }
    return { targets, anchored, findings }
  } catch (error) {
    findings.push(`the anchors were not asked: ${messageOf(error)}`)
    return { targets, anchored: null, findings }
  }
}

function hashOf(statement: Buffer): string {
  return sha256(statement).toString('hex')
}
