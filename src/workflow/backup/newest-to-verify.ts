import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { seriesOf } from '#domain/retention/anomalies'
import type { Repository } from '#repository/repository'

/**
 * The newest snapshot, and the newest of each other server, method and choice of databases that nobody has looked
 * at in this place: of each of them retention and status count the proven ones alone. What was looked at before is
 * not read again with each run because nothing newer comes.
 *
 * @throws EcomdbError SNAPSHOT_NOT_FOUND, SIGNATURE_INVALID
 */
export async function newestToVerify(
  repository: Repository,
  trustedSigners: readonly string[],
): Promise<SnapshotEnvelope[]> {
  const latest = await repository.readEnvelope('latest', trustedSigners)
  const { snapshots } = await repository.listSnapshots(trustedSigners)
  const { attestations } = await repository.listAttestations(trustedSigners)
  const copyId = await repository.copyId()
  const seen = new Set(
    attestations
      .filter(one => (one.copyId ?? null) === copyId && one.kind !== 'accept')
      .map(({ snapshotId }) => snapshotId),
  )
  const newest = [...Map.groupBy(snapshots, seriesOf).values()].flatMap(ofOne => ofOne.at(-1) ?? [])
  const isNews = ({ snapshotId }: SnapshotEnvelope): boolean =>
    snapshotId !== latest.snapshotId && !seen.has(snapshotId)
  return [...newest.filter(isNews), latest]
}
