import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { COPY_FILE, envelopeFile, RECIPE_FILE, REPOSITORY_FILE } from '#repository/layout'
import { lockDate } from '#repository/lock-keeper'
import type { Target } from '#target/target'
import { askAtOnce } from '../backup/ask-at-once.ts'

/**
 * What a snapshot needs in a copy and an earlier run has brought is held as long as what comes now: its lock
 * was for the days from then on, and the snapshot is held no longer than the first file that it lacks.
 *
 * @param bases ids of what it builds on
 * @param fresh files that this run has brought, and that are locked with that
 * @throws EcomdbError UNSUPPORTED, STORAGE_FAILED when one cannot be held
 */
export async function holdAgain(
  { lock }: Target,
  { objects, manifest }: SnapshotEnvelope,
  bases: readonly string[],
  fresh: ReadonlySet<string>,
  now: Date,
): Promise<void> {
  if (!lock) return
  const until = lockDate(now, lock.days)
  const needed = [...objects, manifest].map(({ path }) => path).filter(path => !fresh.has(path))
  const hold = async (path: string): Promise<void> => void (await lock.hold(path, until))
  await askAtOnce([REPOSITORY_FILE, RECIPE_FILE, COPY_FILE, ...needed], hold)
  // By them expire sees until when their snapshots are held.
  await askAtOnce(bases.map(envelopeFile), hold)
}
