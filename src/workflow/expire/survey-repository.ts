import { EcomdbError } from '#core/errors'
import type { Attestation } from '#domain/backup/attestation'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { foundBad, outcomeOfSnapshot } from '#domain/backup/proof-of-snapshot'
import type { Refused } from '#domain/backup/repository-report'
import { type Anomaly, findAnomalies, seriesOf } from '#domain/retention/anomalies'
import {
  decideRetention,
  provenSnapshots,
  type RetainedSnapshot,
  type RetentionVerdict,
} from '#domain/retention/decide-retention'
import { isEvidence } from '#domain/retention/drill-evidence'
import type { RecoveryPolicy } from '#domain/retention/recovery-policy'
import { namedFiles } from '#domain/retention/removable-files'
import { isInForce, type Tombstone } from '#domain/retention/tombstone'
import { vanishedSnapshots } from '#domain/retention/vanished'
import { hasGone } from '#repository/has-gone'
import { ATTESTATIONS, attestationFile, envelopeFile, OBJECTS, SNAPSHOTS } from '#repository/layout'
import { refusedAbout } from '#repository/refused-attestations'
import type { Repository } from '#repository/repository'
import { newestCopyRecords } from '#repository/signed-records'
import { tombstonesOf } from '#repository/tombstones'
import type { Trusted } from '#repository/trusted-files'
import type { Target } from '#target/target'
import { refusal } from '../backup/list-snapshots.ts'
import { tracesOfCopy, vanishedNow } from './vanished-now.ts'

/** Everything that expire goes by, read once. */
export interface Survey {
  copyId: string | null
  /** Oldest first. */
  snapshots: readonly Trusted<SnapshotEnvelope>[]
  retained: readonly RetainedSnapshot[]
  /** Ids of those that count as the policy says. */
  proven: ReadonlySet<string>
  verdicts: readonly RetentionVerdict[]
  anomalies: readonly Anomaly[]
  /** Snapshot id -> the kinds of anomalies that a person has accepted there. */
  accepted: ReadonlyMap<string, ReadonlySet<string>>
  tombstones: readonly Tombstone[]
  refused: readonly Refused[]
  /** Names of all attestations that were looked at, believed or not. */
  attested: ReadonlySet<string>
  /** Until when the target itself holds each envelope; empty where it has no locks. */
  held: ReadonlyMap<string, Date>
  /** Attestations that outlive their snapshots. */
  evidence: ReadonlySet<string>
  /** Files that no envelope needs, but evidence: name -> bytes. */
  leftovers: ReadonlyMap<string, number>
}

/** @throws EcomdbError TARGET_UNAVAILABLE, STORAGE_FAILED */
export async function surveyRepository(
  target: Target,
  repository: Repository,
  trustedSigners: readonly string[],
  policy: RecoveryPolicy,
  now: Date,
): Promise<Survey> {
  const copyId = await repository.copyId()
  const { snapshots: found, refused } = await repository.listSnapshots(trustedSigners)
  const attested = await repository.listAttestations(trustedSigners)
  const trust = { repositoryId: repository.id, trustedSigners }
  const buried = await tombstonesOf(target, trust, copyId)
  const { records } = await newestCopyRecords(target, trust)
  const here = attested.attestations.filter(one => (one.copyId ?? null) === copyId)
  const snapshots = await signedEnvelopes(repository, found, trustedSigners)
  const listed = snapshots.map(({ value }) => value)
  const held = await heldEnvelopes(target, listed)
  const evidence = new Set(
    attested.attestations
      .filter(one => isEvidence(one, now))
      .map(one => attestationFile(one.snapshotId, one.attestationId)),
  )
  const accepted = acceptedIn(attested.attestations)
  const { attestations } = attested
  const ofCopy = await tracesOfCopy(target, repository, trustedSigners, listed)
  const vanished = vanishedSnapshots(
    { copyId, snapshots: listed, attestations, records, ...ofCopy },
    new Set([
      ...[...listed, ...refused].map(({ snapshotId }) => snapshotId),
      ...buried.tombstones.flatMap(one => one.snapshots.map(({ snapshotId }) => snapshotId)),
    ]),
  )
  const bad = foundBad(listed, attestations, copyId)
  const retained = snapshots
    .map(one => retainedOf(one, here, held))
    .map(one => (bad.has(one.snapshotId) ? { ...one, proof: 'failed' as const } : one))
  return {
    copyId,
    snapshots,
    retained,
    proven: provenSnapshots(retained, policy.retention),
    verdicts: decideRetention(retained, policy.retention, now),
    anomalies: [
      ...findAnomalies(listed, accepted, policy.brake, now),
      ...(await vanishedNow(target, repository, trustedSigners, vanished)).map(vanishedAnomaly),
    ],
    accepted,
    tombstones: buried.tombstones.filter(one => isInForce(one, now)),
    held,
    refused: [
      ...refused.map(one => refusal(`snapshot ${one.snapshotId}`, one.error)),
      ...[...refusedAbout(attested, { snapshots: listed, refused }), ...buried.refused].map(one =>
        refusal(one.name, one.error),
      ),
    ],
    attested: new Set([
      ...attestations.map(one => attestationFile(one.snapshotId, one.attestationId)),
      ...attested.refused.map(({ name }) => name),
    ]),
    evidence,
    leftovers: await leftoversIn(
      target,
      listed,
      refused.map(({ snapshotId }) => snapshotId),
      evidence,
    ),
  }
}

/** Without those that another host's expire has removed since they were listed. */
async function signedEnvelopes(
  repository: Repository,
  listed: readonly SnapshotEnvelope[],
  trustedSigners: readonly string[],
): Promise<Trusted<SnapshotEnvelope>[]> {
  const snapshots: Trusted<SnapshotEnvelope>[] = []
  for (const { snapshotId } of listed) {
    try {
      snapshots.push(await repository.readSignedEnvelope(snapshotId, trustedSigners))
    } catch (error) {
      if (!(await hasGone(error, repository, snapshotId))) throw error
    }
  }
  return snapshots
}

/** Its objects would be taken for leftovers, or go with another snapshot that has the same. */
function vanishedAnomaly(snapshotId: string): Anomaly {
  const detail =
    'signed files tell of it, its envelope is not there, or behind a symbolic link, and no tombstone says why'
  return { snapshotId, kind: 'vanished', detail }
}

async function heldEnvelopes(
  target: Target,
  listed: readonly SnapshotEnvelope[],
): Promise<Map<string, Date>> {
  const held = new Map<string, Date>()
  for (const { snapshotId } of target.lock ? listed : []) {
    const until = await target.lock?.heldUntil(envelopeFile(snapshotId))
    if (until) held.set(snapshotId, until)
  }
  return held
}

/**
 * @param here the attestations about this place, oldest first
 * @param held by the target, which counts besides what the envelope promised
 */
function retainedOf(
  { value: envelope, sha256 }: Trusted<SnapshotEnvelope>,
  here: readonly Attestation[],
  held: ReadonlyMap<string, Date>,
): RetainedSnapshot {
  const { snapshotId, consistentAt, base } = envelope
  const locks = [envelope.lockUntil ?? '', held.get(snapshotId)?.toISOString() ?? '']
  const lockUntil = locks.sort().at(-1) || null
  const about = here.filter(
    one => one.snapshotId === snapshotId && one.envelopeSha256 === sha256 && one.kind !== 'accept',
  )
  const series = seriesOf(envelope)
  return { snapshotId, series, consistentAt, base: base ?? null, lockUntil, proof: proofOf(about) }
}

/** The newest proof counts; a drill goes on counting while later verifies pass. */
function proofOf(about: readonly Attestation[]): RetainedSnapshot['proof'] {
  const newest = about.at(-1)
  if (!newest) return 'unproven'
  if (outcomeOfSnapshot(newest) === 'failed') return 'failed'
  const lastFailure = about.findLastIndex(one => outcomeOfSnapshot(one) === 'failed')
  return about.slice(lastFailure + 1).some(({ kind }) => kind === 'drill') ? 'drilled' : 'verified'
}

/** Snapshot id -> the anomalies that a person has accepted. */
function acceptedIn(attestations: readonly Attestation[]): Map<string, Set<string>> {
  const accepted = new Map<string, Set<string>>()
  for (const { kind, snapshotId, details } of attestations) {
    const { anomalies } = details
    if (kind !== 'accept' || !Array.isArray(anomalies)) continue
    const known = accepted.get(snapshotId) ?? new Set()
    for (const anomaly of anomalies) known.add(String(anomaly))
    accepted.set(snapshotId, known)
  }
  return accepted
}

/** What lies in the repository's folders and belongs to no snapshot that is there. */
async function leftoversIn(
  target: Target,
  listed: readonly SnapshotEnvelope[],
  refusedIds: readonly string[],
  evidence: ReadonlySet<string>,
): Promise<Map<string, number>> {
  const named = namedFiles(listed)
  const ids = new Set([...listed.map(({ snapshotId }) => snapshotId), ...refusedIds])
  const leftovers = new Map<string, number>()
  for (const folder of [OBJECTS, SNAPSHOTS, ATTESTATIONS]) {
    for await (const { name, sizeBytes } of target.list(folder)) {
      const ofSnapshot = folder !== OBJECTS && ids.has(name.split('/')[1] ?? '')
      if (!named.has(name) && !ofSnapshot && !evidence.has(name)) leftovers.set(name, sizeBytes)
    }
  }
  return leftovers
}

/** @throws EcomdbError SNAPSHOT_NOT_FOUND when the snapshot has none */
export function anomaliesOf({ anomalies }: Survey, snapshotId: string): Anomaly[] {
  const found = anomalies.filter(one => one.snapshotId === snapshotId)
  if (found.length > 0) return found
  throw new EcomdbError('SNAPSHOT_NOT_FOUND', {
    what: `there is no anomaly to accept at snapshot ${snapshotId}`,
    why: 'either it was accepted before, or expire does not complain of this snapshot',
    hints: ['run `ecomdb backup expire`: it names what it complains of'],
  })
}
