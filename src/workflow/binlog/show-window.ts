import { foundBad } from '#domain/backup/proof-of-snapshot'
import type { WindowReport } from '#domain/binlog/window'
import { windowsOf } from '#domain/binlog/window'
import { BinlogArchive } from '#repository/binlog-archive'
import type { Target } from '#target/target'

/** `ecomdb backup window`: from signed envelopes alone; needs no identity. */
export async function showWindow(
  target: Target,
  trustedSigners: readonly string[],
): Promise<WindowReport> {
  const archive = await BinlogArchive.open(target)
  const { repository } = archive
  const { stretches, refused, unreadable } = await archive.stretches(trustedSigners)
  const { snapshots } = await repository.listSnapshots(trustedSigners)
  const { attestations } = await repository.listAttestations(trustedSigners)
  const bad = foundBad(snapshots, attestations, await repository.copyId())
  return {
    repositoryId: repository.id,
    target: repository.label,
    sources: windowsOf(
      stretches,
      snapshots,
      ({ snapshotId }) => bad.has(snapshotId),
      new Set(unreadable.map(({ path }) => path)),
    ),
    refused,
    unreadable: unreadable.map(({ path, problem }) => ({ name: path, why: problem })),
  }
}
