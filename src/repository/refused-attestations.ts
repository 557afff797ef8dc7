import type { AttestationListing, SnapshotListing } from './contract.ts'

/**
 * Attestations that are not believed, of snapshots that are there. Who signed what a drill said of one that
 * has expired may have left since; nothing depends on that any more.
 */
export function refusedAbout(
  attested: Pick<AttestationListing, 'refused'>,
  { snapshots, refused }: SnapshotListing,
): AttestationListing['refused'] {
  const there = new Set([...snapshots, ...refused].map(({ snapshotId }) => snapshotId))
  return attested.refused.filter(({ snapshotId }) => there.has(snapshotId))
}
