import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { SNAPSHOTS, startFile } from '#repository/layout'
import type { Repository } from '#repository/repository'
import { ownCopyRecord } from '#repository/signed-records'
import type { Target } from '#target/target'

/**
 * The snapshots whose envelopes promise locks of this place. What a copy was given was promised of another one, and
 * is held as the copy's own days say; where the copy has become the repository, backups made the rest in it.
 *
 * @param isTarget of the options: it is the place that backups go to, and no copy any more if it was one
 */
export async function madeHere(
  target: Target,
  repository: Repository,
  snapshots: readonly SnapshotEnvelope[],
  { trustedSigners, isTarget }: { trustedSigners: readonly string[]; isTarget: boolean },
): Promise<readonly SnapshotEnvelope[]> {
  const copyId = await repository.copyId()
  if (copyId === null || !target.lock) return snapshots
  if (!isTarget) return []
  const trust = { repositoryId: repository.id, trustedSigners }
  const record = await ownCopyRecord(target, trust, copyId)
  const brought = new Set(record?.snapshots.map(({ snapshotId }) => snapshotId))
  const started = await startedHere(target, snapshots)
  return snapshots.filter(({ snapshotId }) => !brought.has(snapshotId) && started.has(snapshotId))
}

/**
 * Those whose backup has left its notice that it began: a copy brings none. A copy's record has what the repository had
 * then, and no more, so what is not in it need not have been made in it.
 */
export async function startedHere(
  target: Target,
  snapshots: readonly { snapshotId: string }[],
): Promise<Set<string>> {
  const names = new Set<string>()
  for await (const { name } of target.list(SNAPSHOTS)) names.add(name)
  const started = snapshots.filter(({ snapshotId }) => names.has(startFile(snapshotId)))
  return new Set(started.map(({ snapshotId }) => snapshotId))
}
