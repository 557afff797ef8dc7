import type { EcomdbError } from '#core/errors'
import type { Attestation } from '#domain/backup/attestation'
import { isPart, type SnapshotEnvelope } from '#domain/backup/envelope'
import {
  failedAtMoment,
  foundBad,
  newestProof,
  outcomeOfSnapshot,
} from '#domain/backup/proof-of-snapshot'
import type {
  Proof,
  Refused,
  SnapshotList,
  SnapshotSummary,
} from '#domain/backup/repository-report'
import { refusedAbout } from '#repository/refused-attestations'
import { openRepository } from '#repository/repository'
import type { Target } from '#target/target'
import { shadowedFiles } from './check-protection.ts'

/** `ecomdb backup list`: needs no identity. */
export async function listSnapshots(
  target: Target,
  trustedSigners: readonly string[],
): Promise<SnapshotList> {
  const repository = await openRepository(target)
  const listed = await repository.listSnapshots(trustedSigners)
  const attested = await repository.listAttestations(trustedSigners)
  const copyId = await repository.copyId()
  const proofs = proofsHere(listed.snapshots, attested.attestations, copyId)
  const seen = new Set<string>()
  return {
    repositoryId: repository.id,
    ...{ target: repository.label, copyId },
    snapshots: listed.snapshots.map(one => summarize(one, proofs, seen)),
    refused: [
      ...listed.refused.map(({ snapshotId, error }) => refusal(`snapshot ${snapshotId}`, error)),
      ...refusedAbout(attested, listed).map(({ name, error }) => refusal(name, error)),
    ],
    exposed: await shadowedFiles(target),
  }
}

/** What is known of the snapshots of a place. */
export interface Proofs {
  attestations: readonly Attestation[]
  /** Ids of those whose files a later proof of another snapshot has found damaged. */
  sharingDamage: ReadonlySet<string>
}

/** A verify reads the bytes of one place, and says nothing of another; a drill shows what the snapshot is. */
export function proofsHere(
  snapshots: readonly SnapshotEnvelope[],
  attestations: readonly Attestation[],
  copyId: string | null,
): Proofs {
  const sharingDamage = [...foundBad(snapshots, attestations, copyId)].filter(id => {
    const newest = newestProof(id, attestations, copyId)
    return !newest || outcomeOfSnapshot(newest) === 'passed'
  })
  return {
    attestations: attestations.filter(
      one => one.kind !== 'verify' || (one.copyId ?? null) === copyId,
    ),
    sharingDamage: new Set(sharingDamage),
  }
}

export function refusal(name: string, error: EcomdbError): Refused {
  return { name, code: error.code, why: error.why ?? error.what }
}

/** @param seen paths of all earlier snapshots; this one's are added */
export function summarize(
  envelope: SnapshotEnvelope,
  { attestations, sharingDamage }: Proofs,
  seen: Set<string>,
): SnapshotSummary {
  const { snapshotId, consistentAt, method, engine, serverVersion, sourceId, tables } = envelope
  const files = [envelope.manifest, ...envelope.objects]
  const fresh = files.filter(({ path }) => !seen.has(path))
  for (const { path } of fresh) seen.add(path)
  return {
    snapshotId,
    consistentAt,
    method,
    part: isPart(envelope),
    base: envelope.base ?? null,
    engine,
    serverVersion,
    sourceId,
    tables: tables.length,
    rows: tables.reduce((sum, table) => sum + table.rows, 0),
    storedBytes: files.reduce((sum, file) => sum + file.bytes, 0),
    newBytes: fresh.reduce((sum, file) => sum + file.bytes, 0),
    verified: newest(attestations, snapshotId, 'verify'),
    drilled: newest(attestations, snapshotId, 'drill'),
    sharesDamage: sharingDamage.has(snapshotId),
  }
}

function newest(
  attestations: readonly Attestation[],
  snapshotId: string,
  kind: Attestation['kind'],
): Proof | null {
  const found = attestations.findLast(one => one.snapshotId === snapshotId && one.kind === kind)
  if (!found) return null
  const atMoment = failedAtMoment(found) ? { atMoment: true as const } : {}
  return { outcome: found.outcome, ...atMoment, at: found.completedAt }
}
