import type { Checkpoint } from './checkpoint.ts'
import { msOfServerTime, serverTimeOf } from './server-time.ts'

/** What `ecomdb audit prune` did, or would do. */
export interface PruneReport {
  trailId: string
  /** Nothing was changed. */
  dryRun: boolean
  /** Events of before are not needed any more; UTC, by the clock that is behind. */
  before: string
  /** "1-20"; empty: there is nothing to remove. */
  batches: string
  /** Of these batches, that are there. */
  events: number
  /** Events that are the newest of a row that is still there, or an erasure: they stay. */
  kept: number
  /** Events that stayed of batches before, and are not needed any more: they go, too. */
  released: number
  removed: number
  /** Why an older batch stays with all that is after it, in words. */
  heldBack: string | null
  /** The checkpoint that says what was removed; null for a dry run. */
  batch: number | null
  /** What its seal could not do, in words. */
  warnings: readonly string[]
}

/**
 * "2014-03-19 10:00:00.000000": so old that it is not needed, by the clock that is behind: one that
 * is set wrong, or was set forward, must not remove anything.
 *
 * @param serverAt UTC, of the server
 * @param now of this host
 */
export function cutoff(serverAt: string, now: Date, keepMs: number): string {
  const earlier = Math.min(msOfServerTime(serverAt), now.getTime())
  return serverTimeOf(earlier - keepMs)
}

/** How far the server's clock is ahead of this host's, in milliseconds; negative: behind. */
export function clockAhead(serverAt: string, now: Date): number {
  return msOfServerTime(serverAt) - now.getTime()
}

/**
 * Whole batches only, the oldest first and without a gap; the newest one stays, since the next
 * seal goes on from it. Both clocks must have been past when it was sealed.
 */
export function isOldEnough(
  { batch, serverAt, sealedAt }: Pick<Checkpoint, 'batch' | 'serverAt' | 'sealedAt'>,
  newest: number,
  before: string,
): boolean {
  return batch < newest && serverAt < before && Date.parse(sealedAt) < msOfServerTime(before)
}
