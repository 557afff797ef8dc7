import { randomUUID } from 'node:crypto'
import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import { toolVersion } from '#core/version'
import type { SigningKey } from '#crypto/key-files'
import type { AuditPolicy, EraseRule } from '#domain/audit/audit-policy'
import type { ErasureEntry, ErasureRecord, ErasureReport } from '#domain/audit/erasure'
import { sealProblems } from '#domain/audit/seal-problems'
import type { ErasureDone, TrailRecord } from '#engine/audit-trail'
import type { Engine } from '#engine/engine'
import type { Session } from '#engine/session'
import type { Target } from '#target/target'
import { Anchor } from './anchors.ts'
import { type LedgerEntry, readLedger, writeLedger } from './erasure-ledger.ts'
import { erasuresToSeal, signErasure } from './erasure-records.ts'
import { Sealer, type SealOptions } from './seal-trail.ts'
import { sealedErasures } from './sealed-erasures.ts'
import { noTrail } from './trail-refusals.ts'

export interface EraseOptions extends Omit<SealOptions, 'accept' | 'epochBreak' | 'follow'> {
  /** The person's key, and a ticket; null: repeat what the ledger has and this database has not. */
  person: { key: string; reason: string } | null
  /** Do it; without this it is only said. */
  confirmed: boolean
}

/**
 * `ecomdb audit erase`: empties what the policy says is a person's, and destroys the salts of its
 * events, so that nobody can tell any more what was there; the sealed hashes stay and verify.
 * The ledger beside the anchors is written first, and a control leaf says last what was done.
 *
 * @throws EcomdbError CONFIG_INVALID when the policy has no rules; SCHEMA_MISSING without a trail;
 *   UNSUPPORTED for a rule whose columns cannot be emptied; USAGE when there is no such person;
 *   LOCKED, TARGET_UNAVAILABLE, SIGNATURE_INVALID: nobody was erased, and the ledger has nobody more.
 *   TRAIL_BROKEN when database and anchors do not fit: the same; when events and emptied rows do
 *   not: this person was not erased, and the ledger, which is written first, has the person for a
 *   replay, of which those before are erased, and sealed by the next one
 */
export async function eraseFromTrail(
  options: EraseOptions,
  progress: Progress,
): Promise<ErasureReport> {
  const { engine, connect, database, policy } = options
  const [first] = policy.erase
  if (!first) throw noRules()
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const trail = await engine.auditTrail.readTrail(session)
    if (!trail) throw noTrail(database)
    await engine.auditTrail.requireErasable(session, database, policy.erase)
    if (options.confirmed) {
      await engine.auditTrail.lockSealer(session)
      await engine.auditTrail.ensureStore(session, 'audit')
    }
    const run: Run = { options, session, trail, progress }
    return options.person === null
      ? await repeatAll(run)
      : await eraseOne(run, first, options.person)
  } finally {
    await session.close()
  }
}

interface Run {
  options: EraseOptions
  session: Session
  trail: TrailRecord
  progress: Progress
}

async function eraseOne(
  run: Run,
  { table }: EraseRule,
  { key, reason }: { key: string; reason: string },
): Promise<ErasureReport> {
  const { options, session, trail, progress } = run
  const { engine, database, policy } = options
  progress.stage('looking for the person')
  const place = { database, rules: policy.erase, key }
  const rows = await engine.auditTrail.countPerson(session, place)
  if (!rows.find(one => one.table === table)?.rows) throw nobody(table, key, null)
  // A number column takes "5x" for 5, and some texts are the same to a collation.
  const keys = await engine.auditTrail.personKeys(session, place)
  const other = keys.find(one => one !== key)
  if (other !== undefined) throw nobody(table, key, other)
  const report = { trailId: trail.trailId, table, key, rows, warnings: [] }
  if (!options.confirmed) return { ...report, done: false, erasures: [], batch: null }
  const sealer = await openSealer(run)
  const entry: ErasureEntry = {
    ...{ format: 1, erasureId: randomUUID(), trail: trail.trailId, table, key, reason },
    ...{ erasedAt: options.clock.now().toISOString(), tool: toolVersion() },
  }
  progress.stage('writing the erasure ledger')
  const ledger = await writeLedger(entry, options.anchors, options.key)
  const { unsealed, ...erased } = await eraseEntries(
    run,
    [{ ...entry, sha256: ledger.sha256 }],
    sealer,
  )
  return { ...report, ...erased, done: true, warnings: [...ledger.failed, ...unsealed] }
}

async function repeatAll(run: Run): Promise<ErasureReport> {
  const { options, session, trail, progress } = run
  // First, since that completes one that was cut short before its own seal.
  const sealer = options.confirmed ? await openSealer(run) : null
  progress.stage('reading the erasure ledger')
  const source = { ...options, session, trail }
  const { missing, notes, refused } = await missingErasures(source, options.anchors)
  const report = { trailId: trail.trailId, table: null, key: null, rows: [] }
  if (!sealer || missing.length === 0) {
    const erasures = missing.map(({ erasureId }) => erasureId)
    const warnings = [...notes, ...(sealer ? unsealedBy(sealer, options.policy) : refused)]
    return { ...report, done: false, erasures, batch: null, warnings }
  }
  const { unsealed, ...erased } = await eraseEntries(run, missing, sealer)
  return { ...report, ...erased, done: true, warnings: [...notes, ...unsealed] }
}

/** What is not sealed yet is sealed first: nothing of before comes under the erasure's leaf. */
async function openSealer({ options, session, trail, progress }: Run): Promise<Sealer> {
  progress.stage('sealing')
  const seal = { ...options, accept: null, epochBreak: null, follow: false }
  const sealer = await Sealer.open(seal, session, trail, progress)
  await sealer.seal()
  return sealer
}

function unsealedBy(sealer: Sealer, { anchors }: AuditPolicy): string[] {
  return sealProblems(sealer.report(), anchors).map(one => `of the seal: ${one}`)
}

/** @returns `unsealed`: what the seal could not do, in words */
async function eraseEntries(
  { options, session, trail, progress }: Run,
  entries: readonly LedgerEntry[],
  sealer: Sealer,
): Promise<Pick<ErasureReport, 'erasures' | 'rows' | 'batch'> & { unsealed: string[] }> {
  const { engine, database, policy, key } = options
  progress.stage('erasing')
  const place = { engine, database, rules: policy.erase, session, trail, key }
  for (const { erasureId, reason } of entries) {
    const detail = { erasure: erasureId, reason }
    const operation = { command: 'audit erase', subject: database, detail }
    await engine.accessCatalog.recordOperation(session, operation)
  }
  const { records, rows } = await repeatErasures(place, entries)
  progress.stage('sealing the erasure')
  await sealer.sealErasures(records)
  const batch = sealer.report().head?.batch ?? null
  const erasures = records.map(({ erasureId }) => erasureId)
  return { erasures, rows, batch, unsealed: unsealedBy(sealer, policy) }
}

/**
 * Carries entries of the ledger out, each in a transaction with its signed record.
 * @returns what a control leaf says of each
 */
export async function repeatErasures(
  place: {
    engine: Engine
    database: string
    rules: readonly EraseRule[]
    session: Session
    trail: TrailRecord
    key: SigningKey
  },
  entries: readonly LedgerEntry[],
): Promise<{ records: ErasureRecord[]; rows: ErasureReport['rows'] }> {
  const { engine, session, database, rules, trail } = place
  const records: ErasureRecord[] = []
  const rows = new Map<string, number>()
  for (const { erasureId, key, sha256 } of entries) {
    const who = { erasureId, database, rules, key }
    const sign = (done: ErasureDone) => signErasure(done, { erasureId, sha256 }, trail, place.key)
    const erased = await engine.auditTrail.erasePerson(session, who, sign)
    records.push({ erasureId, sha256, events: erased.events, salts: erased.salts })
    for (const one of erased.rows) rows.set(one.table, (rows.get(one.table) ?? 0) + one.rows)
  }
  return { records, rows: [...rows].map(([table, count]) => ({ table, rows: count })) }
}

/**
 * Entries of the ledger that were not carried out in this database.
 * @returns `unsaid`: records of those that were, and that the next checkpoint says; `refused`: those
 *   that are not believed, and `notes`: what is wrong with the ledger, both in words
 */
export async function missingErasures(
  source: Pick<EraseOptions, 'engine' | 'connect' | 'trustedSigners'> & { trail: TrailRecord },
  targets: readonly Target[],
): Promise<{
  missing: LedgerEntry[]
  unsaid: ErasureRecord[]
  refused: string[]
  notes: string[]
}> {
  const { engine, connect, trustedSigners, trail } = source
  const anchors = targets.map(target => new Anchor(target, trail.trailId))
  const { entries, ...ledger } = await readLedger(trail.trailId, anchors, trustedSigners)
  const notes = [
    ...ledger.notes,
    ...ledger.refused.map(one => `an erasure is not believed: ${one}`),
  ]
  const reader = await engine.auditTrail.openReader(connect)
  try {
    const { records, refused } = await erasuresToSeal(reader, trail, trustedSigners)
    const done = new Set(await sealedErasures(reader, trustedSigners))
    const unsaid = records.filter(({ erasureId }) => !done.has(erasureId))
    for (const { erasureId } of records) done.add(erasureId)
    const missing = entries.filter(({ erasureId }) => !done.has(erasureId))
    return { missing, unsaid, refused, notes }
  } finally {
    await reader.close()
  }
}

function noRules(): EcomdbError {
  return new EcomdbError('CONFIG_INVALID', {
    what: 'the audit policy does not say what is a person’s',
    why: '`erase` is not set in it',
    hints: ['write down which columns are emptied: docs/audit.md has an example'],
  })
}

/** @param other whom the server would take for the person of this key */
function nobody(table: string, key: string, other: string | null): EcomdbError {
  return new EcomdbError('USAGE', {
    what: `there is no ${key} in ${table}`,
    ...(other === null ? {} : { why: `the server would have taken it for ${other}` }),
    hints: ['a person is named by the key of that row; nothing was changed'],
  })
}
