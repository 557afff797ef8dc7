import { throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import { hasNotCome } from '#domain/has-not-come'
import { lockUntilOf } from '#domain/retention/decide-retention'
import { type HoldingSnapshot, locksOfSegments } from '#domain/retention/log-locks'
import type { RetentionPolicy } from '#domain/retention/recovery-policy'
import { segmentFile } from '#repository/layout'
import type { Target } from '#target/target'
import { askAtOnce } from '../backup/ask-at-once.ts'
import type { Survey } from './survey-repository.ts'
import type { OpenedLog } from './trim-log.ts'

/** Services keep whole seconds. */
const TOLERANCE_MS = 1000

/**
 * Locks the archived log as long as the snapshots are held that lead through it, so far back as the policy
 * wants moments restored. Each segment that stays is asked about anew: its envelope is locked last,
 * and tells of its bytes.
 *
 * @returns how many segments were locked for longer
 * @throws EcomdbError UNSUPPORTED, STORAGE_FAILED when one cannot be held
 */
export async function extendLogLocks(
  target: Target,
  { stretches, unreadable }: OpenedLog,
  survey: Survey,
  policy: RetentionPolicy,
  now: Date,
  progress: Progress,
): Promise<number> {
  const { lock } = target
  if (!lock) return 0
  progress.stage('locking the archived binary log')
  const lost = new Set(unreadable.map(({ path }) => path))
  const staying = holdingOf(survey, policy, now)
  let extended = 0
  for (const stretch of stretches) {
    const untils = locksOfSegments(stretch, staying, policy.logMs)
    await askAtOnce([...stretch.segments.entries()], async ([at, segment]) => {
      throwIfInterrupted()
      const until = untils[at] ?? null
      if (!until) return
      const { sourceId, stretchId, sequence, object } = segment
      const envelope = segmentFile(sourceId, stretchId, sequence)
      const held = await lock.heldUntil(envelope)
      if (held && held.getTime() >= until.getTime() - TOLERANCE_MS) return
      if (object && !lost.has(object.path)) await lock.hold(object.path, until)
      await lock.hold(envelope, until)
      extended += 1
    })
  }
  return extended
}

function holdingOf(
  { snapshots, proven, verdicts, held }: Survey,
  policy: RetentionPolicy,
  now: Date,
): HoldingSnapshot[] {
  return snapshots.flatMap(({ value: envelope }, at) => {
    const { action, classes = [] } = verdicts[at] ?? {}
    if (action !== 'keep' || hasNotCome(envelope.consistentAt, now)) return []
    const byClass = lockUntilOf(new Date(envelope.consistentAt), classes, policy)
    const heldUntil = [byClass, held.get(envelope.snapshotId)]
      .flatMap(until => until ?? [])
      .reduce<Date | null>((latest, until) => (latest && latest > until ? latest : until), null)
    return [{ envelope, proven: proven.has(envelope.snapshotId), heldUntil }]
  })
}
