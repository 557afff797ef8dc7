import type { KeysConfig } from '#config/config'
import type { Clock } from '#core/clock'
import type { Progress } from '#core/progress'
import { countOf } from '#core/units'
import type { TargetStatusReport } from '#domain/target/target-report'
import { openRepository } from '#repository/repository'
import type { Target } from '#target/target'
import { unlockedLog } from '../backup/check-log-locks.ts'
import { checkProtection } from '../backup/check-protection.ts'
import { madeHere } from '../backup/made-here.ts'

export interface TargetStatusOptions {
  target: Target
  keys: KeysConfig
  clock: Clock
  /** It is the place that backups go to, and no copy any more if it was one. */
  isTarget?: boolean
}

/** An upload that is older belongs to no run that still goes on. */
const OLD_LEFTOVER_MS = 86_400_000

/**
 * `ecomdb target status`: what is in the place, and how well it is kept. Needs no private key,
 * and asks for the locks of every file that a snapshot promises to be locked, and of the archived log.
 *
 * @throws EcomdbError REPOSITORY_NOT_FOUND, TARGET_UNAVAILABLE, STORAGE_FAILED
 */
export async function targetStatus(
  { target, keys, clock, isTarget = false }: TargetStatusOptions,
  progress: Progress,
): Promise<TargetStatusReport> {
  progress.stage('listing files')
  const repository = await openRepository(target)
  const { space } = await target.inspect()
  const { files, bytes } = await count(target)
  const { snapshots, refused } = await repository.listSnapshots(keys.trustedSigners)
  progress.stage('looking for what was laid over, and at locks')
  const now = clock.now()
  const { trustedSigners } = keys
  const promising = await madeHere(target, repository, snapshots, { trustedSigners, isTarget })
  const exposed = [
    ...(await checkProtection(target, promising, now)),
    ...(await unlockedLog(target, promising, trustedSigners, now)),
  ]
  const leftovers = await oldLeftovers(target, clock)
  const rules = (await target.removingRules()) ?? []
  const newest = snapshots.at(-1)
  const { mode, days } = target.lock ?? {}
  return {
    target: target.label,
    repositoryId: repository.id,
    files,
    bytes,
    space,
    snapshots: snapshots.length,
    newest: newest
      ? {
          snapshotId: newest.snapshotId,
          consistentAt: newest.consistentAt,
          lockUntil: newest.lockUntil ?? null,
        }
      : null,
    keepsVersions: await target.keepsVersions(),
    lock: mode && days ? { mode, days } : null,
    leftovers: leftovers.map(({ name, startedAt }) => ({
      name,
      startedAt: startedAt.toISOString(),
    })),
    exposed,
    refused: refused.map(({ snapshotId }) => snapshotId),
    findings: [
      ...(exposed.length ? [`${countOf(exposed.length, 'file')} laid over or not locked`] : []),
      ...(refused.length ? [`${countOf(refused.length, 'snapshot')} not believed`] : []),
      ...rules.map(rule => `the place takes files away by itself: ${rule}`),
      ...(leftovers.length ? [`${countOf(leftovers.length, 'leftover')} older than a day`] : []),
    ],
  }
}

async function count(target: Target): Promise<{ files: number; bytes: number }> {
  let [files, bytes] = [0, 0]
  for await (const { sizeBytes } of target.list('')) {
    files += 1
    bytes += sizeBytes
  }
  return { files, bytes }
}

async function oldLeftovers(target: Target, clock: Clock) {
  const found: { name: string; startedAt: Date }[] = []
  for await (const leftover of target.leftovers()) {
    const ageMs = clock.now().getTime() - leftover.startedAt.getTime()
    if (ageMs > OLD_LEFTOVER_MS) found.push(leftover)
  }
  return found
}
