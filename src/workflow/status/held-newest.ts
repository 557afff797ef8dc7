import { type SnapshotEnvelope, wholeOrAll } from '#domain/backup/envelope'
import { type HeldFiles, newestOf } from '#domain/copy/three-two-one'
import { envelopeFile, REPOSITORY_FILE } from '#repository/layout'
import type { HeldFile, Target, TargetLock } from '#target/target'
import { isWeaker } from '#target/weaker-lock'
import { askAtOnce, drawn, MOST_ASKED } from '../backup/ask-at-once.ts'

/** A service stores whole seconds. */
const TOLERANCE_MS = 1000

/**
 * How the target holds all that the newest snapshot of each server needs: whoever may bypass locks, or
 * made them longer for one file, did so perhaps not for all.
 *
 * @param promising ids of those whose envelopes promise locks of this place; a copy's locks are its own
 * @returns by snapshot id; empty where the target has no locks
 */
export async function heldNewest(
  { lock }: Target,
  snapshots: readonly SnapshotEnvelope[],
  now: Date,
  promising: ReadonlySet<string>,
): Promise<Map<string, HeldFiles>> {
  const held = new Map<string, HeldFiles>()
  if (!lock) return held
  const byId = new Map(snapshots.map(one => [one.snapshotId, one]))
  for (const ofOne of Map.groupBy(wholeOrAll(snapshots), one => one.sourceId).values()) {
    const newest = newestOf(ofOne, now)
    if (newest) held.set(newest.snapshotId, await askAbout(lock, newest, byId, { now, promising }))
  }
  return held
}

interface Asked {
  path: string
  versionId?: string
}

async function askAbout(
  lock: TargetLock,
  newest: SnapshotEnvelope,
  byId: ReadonlyMap<string, SnapshotEnvelope>,
  { now, promising }: { now: Date; promising: ReadonlySet<string> },
): Promise<HeldFiles> {
  const first: Asked[] = [{ path: REPOSITORY_FILE }, newest.manifest]
  for (let one: SnapshotEnvelope | undefined = newest; one; one = byId.get(one.base ?? ''))
    first.push({ path: envelopeFile(one.snapshotId) })
  const asked = [...first, ...drawn(newest.objects, MOST_ASKED - first.length)]
  const promised =
    promising.has(newest.snapshotId) && newest.lockUntil ? new Date(newest.lockUntil) : null
  const held: HeldFile[] = []
  let [weaker, shortened] = [0, 0]
  await askAtOnce(asked, async ({ path, versionId }) => {
    const found = await lock.held(path, versionId)
    if (!found || found.until <= now) return
    held.push(found)
    const isShorter = promised && found.until.getTime() < promised.getTime() - TOLERANCE_MS
    if (isShorter) shortened += 1
    // The repository's own file is never stored anew, and each envelope has all that stands in it.
    if (path !== REPOSITORY_FILE && isWeaker(found, lock)) weaker += 1
  })
  const loose = asked.length - held.length
  const earliest = Math.min(...held.map(({ until }) => until.getTime()))
  return {
    until: loose + weaker + shortened > 0 ? null : new Date(earliest).toISOString(),
    files: first.length + newest.objects.length,
    ...{ asked: asked.length, loose, weaker, shortened },
  }
}
