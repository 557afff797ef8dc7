import type { Attestation } from '../backup/attestation.ts'
import type { SnapshotEnvelope } from '../backup/envelope.ts'
import type { CopyRecord } from '../copy/copy-record.ts'

/** What signed files of a place tell of its snapshots, besides their envelopes. */
export interface Traces {
  /** null: the repository that backups go to. */
  copyId: string | null
  /** Those that are there. */
  snapshots: readonly Pick<SnapshotEnvelope, 'parent'>[]
  /** About any place. */
  attestations: readonly Pick<Attestation, 'snapshotId' | 'copyId'>[]
  /** What copies were given. */
  records: readonly Pick<CopyRecord, 'snapshots'>[]
}

/**
 * Snapshots that were here, whose envelope is not there, and that no tombstone has announced: somebody
 * removed it, or the place does not list it. Parents and records tell of the repository alone: a copy
 * need not have all of it.
 *
 * @param explained ids whose envelope is there, believed or not, or that were announced
 * @returns ids, oldest first
 */
export function vanishedSnapshots(
  { copyId, snapshots, attestations, records }: Traces,
  explained: ReadonlySet<string>,
): string[] {
  const attested = attestations
    .filter(one => (one.copyId ?? null) === copyId)
    .map(({ snapshotId }) => snapshotId)
  const parents = snapshots.flatMap(({ parent }) => (parent ? [parent.snapshotId] : []))
  const copied = records.flatMap(one => one.snapshots.map(({ snapshotId }) => snapshotId))
  const told = new Set([...attested, ...(copyId === null ? [...parents, ...copied] : [])])
  return [...told].filter(id => !explained.has(id)).sort()
}
