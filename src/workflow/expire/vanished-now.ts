import type { Tombstone } from '#domain/retention/tombstone'
import type { Traces } from '#domain/retention/vanished'
import { envelopeFile, SNAPSHOTS } from '#repository/layout'
import type { Repository } from '#repository/repository'
import { tombstonesOf } from '#repository/tombstones'
import type { Target } from '#target/target'
import { startedHere } from '../backup/made-here.ts'

/**
 * Of snapshots that signed files tell of and that were not listed, those that are not there now and that no tombstone
 * announces now. What other hosts do meanwhile is no alarm: a backup that came, and was copied or verified, after the
 * listing; an expire whose tombstone came after they were read.
 */
export async function vanishedNow(
  target: Target,
  repository: Repository,
  trustedSigners: readonly string[],
  snapshotIds: readonly string[],
): Promise<string[]> {
  if (snapshotIds.length === 0) return []
  const away: string[] = []
  for (const id of snapshotIds) if (!(await isListed(target, id))) away.push(id)
  const announced = await announcedIn(target, repository, trustedSigners)
  return away.filter(id => !announced.has(id))
}

/**
 * Listed anew, from the folder of all of them, and not asked for by name: a file or folder behind a symbolic link
 * opens by its name, and as no listing has it, its objects would be taken for nobody's.
 */
async function isListed(target: Target, snapshotId: string): Promise<boolean> {
  const file = envelopeFile(snapshotId)
  for await (const { name } of target.list(SNAPSHOTS + snapshotId)) if (name === file) return true
  return false
}

/** Ids of all that expire was going to remove from here. */
export async function announcedIn(
  target: Target,
  repository: Repository,
  trustedSigners: readonly string[],
): Promise<Set<string>> {
  const trust = { repositoryId: repository.id, trustedSigners }
  const { tombstones } = await tombstonesOf(target, trust, await repository.copyId())
  return idsOf(tombstones)
}

/** What tells of a copy whose snapshots have come in several ways. */
export async function tracesOfCopy(
  target: Target,
  repository: Repository,
  trustedSigners: readonly string[],
  listed: readonly { snapshotId: string }[],
): Promise<Pick<Traces, 'startedHere' | 'gone'>> {
  const copyId = await repository.copyId()
  if (copyId === null) return {}
  const trust = { repositoryId: repository.id, trustedSigners }
  const { elsewhere } = await tombstonesOf(target, trust, copyId)
  return { startedHere: await startedHere(target, listed), gone: idsOf(elsewhere) }
}

const idsOf = (tombstones: readonly Tombstone[]): Set<string> =>
  new Set(tombstones.flatMap(one => one.snapshots.map(({ snapshotId }) => snapshotId)))
