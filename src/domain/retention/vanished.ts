import type { Attestation } from '../backup/attestation.ts'
import type { SnapshotEnvelope } from '../backup/envelope.ts'
import type { CopyRecord } from '../copy/copy-record.ts'

/** What signed files of a place tell of its snapshots, besides their envelopes. */
export interface Traces {
  /** null: the repository that backups go to. */
  copyId: string | null
  /** Those that are there. */
  snapshots: readonly Pick<SnapshotEnvelope, 'snapshotId' | 'parent'>[]
  /** About any place. */
  attestations: readonly Pick<Attestation, 'snapshotId' | 'copyId'>[]
  /** Of a copy, those that have the notice of their backup's begin there: made in it, or other means than a copy brought them. */
  startedHere?: ReadonlySet<string>
  /** Of a copy, ids that tombstones which lie there announce for other places: it may never have had them. */
  gone?: ReadonlySet<string>
  /** What copies were given. */
  records: readonly Pick<CopyRecord, 'copyId' | 'snapshots'>[]
}

/**
 * Snapshots that were here, whose envelope is not there, and that no tombstone has announced: somebody
 * removed it, or the place does not list it. A copy need not have all of the repository: of it tells its own
 * record, and where it has become the repository, the parents of what was made in it.
 *
 * @param explained ids whose envelope is there, believed or not, or that were announced
 * @returns ids, oldest first
 */
export function vanishedSnapshots(
  { copyId, snapshots, attestations, records, startedHere, gone }: Traces,
  explained: ReadonlySet<string>,
): string[] {
  const attested = attestations
    .filter(one => (one.copyId ?? null) === copyId)
    .map(({ snapshotId }) => snapshotId)
  const own = records.filter(one => copyId === null || one.copyId === copyId)
  const copied = new Set(own.flatMap(one => one.snapshots.map(({ snapshotId }) => snapshotId)))
  // The parent of one that was made here was there then.
  const isMade = (id: string): boolean =>
    copyId === null || (startedHere?.has(id) === true && !copied.has(id))
  const parents = snapshots.flatMap(({ snapshotId, parent }) =>
    parent && isMade(snapshotId) ? [parent.snapshotId] : [],
  )
  const missed = parents.filter(id => copyId === null || !gone?.has(id))
  const told = new Set([...attested, ...missed, ...copied])
  return [...told].filter(id => !explained.has(id)).sort()
}
