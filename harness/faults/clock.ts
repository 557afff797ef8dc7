import { silentProgress } from '#core/progress'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { backUpLogically } from '#workflow/backup/back-up-logically'
import type { Case } from './place.ts'

/** A backup by a clock that is so many hours ahead. @returns the snapshot's id */
export async function backUpAt(one: Case, hoursAhead: number): Promise<string> {
  const { place } = one
  const { snapshotId } = await backUpLogically(
    {
      engine: place.engine,
      connect: place.source.administrator,
      target: openDirectoryTarget(one.repository),
      keys: place.keys,
      databases: ['shop'],
      readers: 2,
      waitSeconds: 20,
      clock: {
        now: () => new Date(Date.now() + hoursAhead * 3_600_000),
        monotonicMs: () => performance.now(),
      },
    },
    silentProgress(),
  )
  return snapshotId
}
