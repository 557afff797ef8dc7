import { throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import { hasNotCome } from '#domain/has-not-come'
import { lockUntilOf, newestProven } from '#domain/retention/decide-retention'
import type { RecoveryPolicy } from '#domain/retention/recovery-policy'
import { envelopeFile } from '#repository/layout'
import { lockDate } from '#repository/lock-keeper'
import type { Target, TargetLock } from '#target/target'
import type { Survey } from './survey-repository.ts'

/**
 * Locks what the policy keeps for as long as its class lasts. A backup locks for the few days
 * that the target has for every file; once a snapshot is proven and stands for a week, a month
 * or a year, its files are held until that runs out, and not all of them for years.
 *
 * The newest proven snapshot of each server that is not gone never goes, and is held anew before the target's days
 * are over: where no new backup comes, it is all that there is. One of the future is not held for its class: its
 * date is a wrong clock's, and nobody could lift the lock for as long as that was ahead.
 *
 * @returns snapshots and files whose lock was extended
 * @throws EcomdbError UNSUPPORTED, STORAGE_FAILED when a file cannot be held
 */
export async function extendLocks(
  target: Target,
  { snapshots, retained, verdicts, held }: Survey,
  { retention, brake }: Pick<RecoveryPolicy, 'retention' | 'brake'>,
  now: Date,
  progress: Progress,
): Promise<{ snapshots: number; files: number }> {
  const { lock } = target
  const extended = { snapshots: 0, files: 0 }
  if (!lock) return extended
  const newest = newestProven(retained, retention, now)
  const envelopes = new Map(snapshots.map(({ value }) => [value.snapshotId, value]))
  for (const [at, { value }] of snapshots.entries()) {
    const { consistentAt, snapshotId, sourceId, objects, manifest } = value
    if (hasNotCome(consistentAt, now)) continue
    const is = held.get(snapshotId) ?? null
    const isLast = newest.has(snapshotId) && !brake.formerServers.includes(sourceId)
    const until = later(
      lockUntilOf(new Date(consistentAt), verdicts[at]?.classes ?? [], retention),
      isLast ? renewed(lock, is, now) : null,
    )
    if (!until || (is && is >= until)) continue
    progress.stage(`locking ${snapshotId} until ${until.toISOString()}`)
    for (const { path, versionId } of [...objects, manifest]) {
      throwIfInterrupted()
      await lock.hold(path, until, versionId)
      extended.files += 1
    }
    // The envelopes last, those of its bases before its own: it is by them that one sees what
    // has been done.
    const chain = [snapshotId]
    for (let base = value.base; base; base = envelopes.get(base)?.base) chain.unshift(base)
    for (const id of chain) await lock.hold(envelopeFile(id), until)
    extended.snapshots += 1
  }
  return extended
}

/** Not with each run: every file is asked about. */
function renewed({ days }: TargetLock, is: Date | null, now: Date): Date | null {
  const until = lockDate(now, days)
  const half = now.getTime() + (until.getTime() - now.getTime()) / 2
  return is && is.getTime() > half ? null : until
}

function later(one: Date | null, other: Date | null): Date | null {
  return one && other ? (one > other ? one : other) : (one ?? other)
}
