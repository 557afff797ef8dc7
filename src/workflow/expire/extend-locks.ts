import { throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import { lockUntilOf } from '#domain/retention/decide-retention'
import type { RetentionPolicy } from '#domain/retention/recovery-policy'
import { envelopeFile } from '#repository/layout'
import type { Target } from '#target/target'
import type { Survey } from './survey-repository.ts'

/**
 * Locks what the policy keeps for as long as its class lasts. A backup locks for the few days
 * that the target has for every file; once a snapshot is proven and stands for a week, a month
 * or a year, its files are held until that runs out, and not all of them for years.
 *
 * @returns snapshots and files whose lock was extended
 * @throws EcomdbError UNSUPPORTED, STORAGE_FAILED when a file cannot be held
 */
export async function extendLocks(
  target: Target,
  { snapshots, verdicts, held }: Survey,
  policy: RetentionPolicy,
  progress: Progress,
): Promise<{ snapshots: number; files: number }> {
  const { lock } = target
  const extended = { snapshots: 0, files: 0 }
  if (!lock) return extended
  const envelopes = new Map(snapshots.map(({ value }) => [value.snapshotId, value]))
  for (const [at, { value }] of snapshots.entries()) {
    const { consistentAt, snapshotId, objects, manifest } = value
    const until = lockUntilOf(new Date(consistentAt), verdicts[at]?.classes ?? [], policy)
    const now = held.get(snapshotId) ?? null
    if (!until || (now && now >= until)) continue
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
