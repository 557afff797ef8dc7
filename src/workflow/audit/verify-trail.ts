import type { Progress } from '#core/progress'
import { notCompared } from '#domain/audit/anchor-problems'
import type { AuditPolicy } from '#domain/audit/audit-policy'
import type { VerifyReport } from '#domain/audit/audit-report'
import { sha256 } from '#domain/audit/canonical'
import { FindingList, finding } from '#domain/audit/finding'
import { msOfServerTime } from '#domain/audit/server-time'
import type { Target } from '#target/target'
import { type Anchor, listAnchors } from './anchors.ts'
import { tableOf, tablesOf } from './batch-builder.ts'
import type { AuditedServer } from './install-audit.ts'
import { Reconciler, unauditedTables } from './reconcile-rows.ts'
import { openSnapshotPair } from './snapshot-pair.ts'
import { noTrail } from './trail-refusals.ts'
import type { TrailSource } from './trail-source.ts'
import { type Chain, type ChainOptions, verifyChain } from './verify-chain.ts'
import { checkErasures } from './verify-erasures.ts'
import { EventVerifier } from './verify-events.ts'
import { checkKept } from './verify-kept.ts'

export interface VerifyOptions extends ChainOptions {
  /** It is meant that anchors which the policy wants are not asked. */
  fewerAnchors: boolean
}

/**
 * `ecomdb audit verify`: the checkpoints against each other and the anchors, every event against
 * its batch, and every live row against its newest event. Memory stays flat.
 */
export async function verifyTrail(
  source: TrailSource,
  options: VerifyOptions,
  progress: Progress,
): Promise<VerifyReport> {
  const { policy, trustedSigners, fewerAnchors } = options
  const found = new FindingList()
  const { places } = source.anchors
  const notes: string[] = []
  progress.stage('reading checkpoints')
  const chain = await verifyChain(source, places, options, found)
  notes.push(...chain.notes)
  if (chain.head === null) notes.push('nothing is sealed yet')
  else checkHeartbeat(chain, source, policy, found)
  const erasures = await checkErasures(chain, source, trustedSigners, found)
  const { notes: unasked } = source.anchors
  const compared = { anchors: places.length, unasked, behind: chain.behind, readAt: source.readAt }
  const { fewer, late } = notCompared(compared, policy)
  const absent = [...fewer, ...erasures.unread]
  // Whoever asks for fewer anchors is told the same, and it is no finding.
  if (fewerAnchors) notes.push(...absent)
  const unchecked = fewerAnchors ? late : [...late, ...absent]
  for (const one of unchecked) found.add(finding('NOT CHECKED', one))
  const kept = await checkKept(chain, source, found)
  unauditedTables(source, policy.tables, found)
  if (policy.writers === null) notes.push('the policy names no writers: nobody was looked for')
  progress.stage('checking events')
  const leavesOf = (batch: number, hash: string) => rightLeaves(source, places, batch, hash)
  const proofs = { leavesOf, leafProof: (batch: number) => source.leafProof(batch), kept }
  const events = new EventVerifier(chain, policy, found, source.readAt, proofs)
  const reconciler = new Reconciler(source, found)
  try {
    const tables = tablesOf(source.trail)
    for await (const event of source.events()) {
      const batch = await events.add(event, tableOf(event, tables))
      reconciler.addEvent(event, batch)
      progress.advance({ items: 1 })
    }
    await events.end()
    progress.stage('comparing rows')
    await reconciler.judge()
  } finally {
    reconciler.close()
  }
  return {
    trailId: source.trail.trailId,
    database: source.trail.shopDatabase,
    ...{ source: source.label, readAt: source.readAt },
    checked: {
      batches: chain.checked,
      events: events.events,
      rows: reconciler.rows,
      unsealed: events.unsealed,
    },
    anchors: places.map(({ anchor, batches }) => ({
      label: anchor.label,
      batches: batches.length,
    })),
    told: [...chain.told, ...erasures.told],
    ...{ notes, counts: found.counts },
    ...{ findings: found.findings, broken: found.broken },
  }
}

function checkHeartbeat(
  { head }: Chain,
  source: TrailSource,
  policy: AuditPolicy,
  found: FindingList,
): void {
  if (!head) return
  const age = msOfServerTime(source.readAt) - Date.parse(head.sealedAt)
  const allowed = policy.seal.heartbeatMs + policy.seal.withinMs
  if (age <= allowed) return
  const detail = `no checkpoint for ${Math.round(age / 60_000)} minutes: the sealer stands still`
  found.add(finding('UNSEALED', detail, { from: head.sealedAt, to: source.readAt }))
}

/** The leaves that belong to the checkpoint, from whichever place has them. */
async function rightLeaves(
  source: TrailSource,
  places: readonly { anchor: Anchor }[],
  batch: number,
  hash: string,
): Promise<Buffer | null> {
  const readers = [
    ...places.map(
      ({ anchor }) =>
        () =>
          anchor.leaves(batch),
    ),
    () => source.leaves(batch),
  ]
  for (const read of readers) {
    const leaves = await read()
    if (leaves && sha256(leaves).toString('hex') === hash) return leaves
  }
  return null
}

/** The trail of a server, at one moment. @throws EcomdbError SCHEMA_MISSING, LOCKED */
export async function openServerTrail(
  { engine, connect, database }: AuditedServer,
  targets: readonly Target[] = [],
): Promise<TrailSource> {
  const { auditTrail } = engine
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const trail = await auditTrail.readTrail(session)
    if (!trail) throw noTrail(database)
    const anchors = await listAnchors(trail.trailId, targets)
    const controls = await auditTrail.controls(session, trail)
    const { reader, second, close } = await openSnapshotPair(auditTrail, connect)
    const restored = await reader.restoredStatements()
    const place = (table: string) => auditTrail.placeOf(session, trail.shopDatabase, table)
    return {
      label: 'the database',
      ...{ trail, controls, readAt: reader.serverAt, anchors, sealedUntil: null },
      restored,
      batches: () => reader.batches(),
      events: () => reader.events(),
      async missingColumns(table, columns) {
        const { database: schema, name } = place(table)
        const there = await reader.columnsOf(schema, name)
        return new Set(columns.map(({ name }) => name).filter(name => !there.has(name)))
      },
      rows(table, columns) {
        const { database: schema, name } = place(table)
        return reader.rows(schema, name, columns)
      },
      leafProof: batch => second.leafProof(batch),
      keptEvents: () => second.keptEvents(),
      leaves: batch => second.leaves(batch),
      close,
    }
  } finally {
    await session.close()
  }
}
