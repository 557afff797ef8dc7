import type { Attestation } from '../backup/attestation.ts'
import { isPart, type SnapshotEnvelope, serversWithWhole } from '../backup/envelope.ts'
import { failedAtMoment } from '../backup/proof-of-snapshot.ts'

/** One drill of the past, from its signed attestation. */
export interface DrillRecord {
  attestationId: string
  snapshotId: string
  /** Of which server; null: its snapshot has expired, and an older ecomdb did not write it down. */
  sourceId: string | null
  method: string
  /** The snapshot is not there any more. */
  expired?: true
  /** Of some databases only, where its server has snapshots of all: it proves nothing of those. */
  partOnly: boolean
  /** ISO 8601, UTC: when it was completed; and what the snapshot shows. */
  at: string
  consistentAt: string
  outcome: 'passed' | 'failed'
  /** It failed only at its moment of the log: the snapshot itself came back. */
  atMoment: boolean
  /** null: the copy that backups go to. */
  copyId: string | null
  /** null where the attestation does not say. */
  rtoMs: number | null
  rpoMs: number | null
  rows: number | null
  storedBytes: number | null
  missed: readonly string[]
  /** ISO 8601: the second that the log was replayed to; null: none was. */
  moment: string | null
}

/** Every drill whose snapshot is known, oldest first. */
export function drillRecords(
  attestations: readonly Attestation[],
  snapshots: readonly SnapshotEnvelope[],
): DrillRecord[] {
  const known = new Map(snapshots.map(one => [one.snapshotId, one]))
  const servers = serversWithWhole(snapshots)
  return (
    attestations
      .filter(({ kind }) => kind === 'drill')
      .map(one => recordOf(one, known.get(one.snapshotId), servers))
      // By id, which also sorts where a clock was set back.
      .sort((a, b) => (a.attestationId < b.attestationId ? -1 : 1))
  )
}

/** Those that tell whether a server comes back. */
export function drillsOfWhole<Drill extends Pick<DrillRecord, 'partOnly'>>(
  drills: readonly Drill[],
): Drill[] {
  return drills.filter(({ partOnly }) => !partOnly)
}

/** Those of a place itself that count for its turn. */
export function drillsAt({
  drills,
  copyId,
}: {
  drills: readonly DrillRecord[]
  copyId: string | null
}): DrillRecord[] {
  return drillsOfWhole(drills).filter(one => one.copyId === copyId)
}

/**
 * The one that says how it stands: the newest, but servers, places, and rows and data files have their turn, and none
 * that passed of one makes good that another, whose snapshot is still there, did not come back. So what failed in a
 * copy that is gone counts until that snapshot has expired.
 *
 * @param drills oldest first
 */
export function decisiveDrill<
  Drill extends Pick<DrillRecord, 'sourceId' | 'copyId' | 'method' | 'outcome' | 'expired'>,
>(drills: readonly Drill[]): Drill | undefined {
  const newest = drills.at(-1)
  if (newest?.outcome === 'failed') return newest
  const keyOf = ({ sourceId, copyId, method }: Drill): string =>
    JSON.stringify([sourceId, copyId, method])
  const newestOfEach = new Map(drills.map(one => [keyOf(one), one]))
  const isFailing = (one: Drill): boolean =>
    one.outcome === 'failed' && !one.expired && newestOfEach.get(keyOf(one)) === one
  return drills.findLast(isFailing) ?? newest
}

/** Of one server; what is not known to be of another one, where there is one only. */
export function drillsOfServer<Drill extends Pick<DrillRecord, 'sourceId'>>(
  drills: readonly Drill[],
  sourceId: string,
  servers: readonly string[],
): Drill[] {
  const isOnly = servers.every(one => one === sourceId)
  return drills.filter(one => one.sourceId === sourceId || (isOnly && one.sourceId === null))
}

/** Is a drill of some databases only, of one of these servers? Its snapshot may have expired since. */
export function isDrillOfPart(
  { details }: Pick<Attestation, 'details'>,
  servers: ReadonlySet<string>,
): boolean {
  return details['part'] === true && servers.has(String(details['sourceId']))
}

function recordOf(
  one: Attestation,
  snapshot: SnapshotEnvelope | undefined,
  servers: ReadonlySet<string>,
): DrillRecord {
  const { details, outcome } = one
  const number = (value: unknown): number | null => (typeof value === 'number' ? value : null)
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
  const missed = details['missed']
  return {
    ...{ attestationId: one.attestationId, snapshotId: one.snapshotId, outcome },
    ...(snapshot ? {} : { expired: true as const }),
    sourceId: snapshot?.sourceId ?? text(details['sourceId']),
    atMoment: failedAtMoment(one),
    method: snapshot?.method ?? text(details['method']) ?? 'logical',
    partOnly: snapshot
      ? isPart(snapshot) && servers.has(snapshot.sourceId)
      : isDrillOfPart(one, servers),
    at: one.completedAt,
    consistentAt: snapshot?.consistentAt ?? text(details['consistentAt']) ?? one.startedAt,
    copyId: one.copyId ?? null,
    ...{ rtoMs: number(details['rtoMs']), rpoMs: number(details['rpoMs']) },
    ...{ rows: number(details['rows']), storedBytes: number(details['storedBytes']) },
    missed: Array.isArray(missed) ? missed.map(String) : [],
    moment: text(details['moment']),
  }
}
