import type { Checkpoint } from './checkpoint.ts'

/** What `ecomdb audit prune` did, or would do. */
export interface PruneReport {
  trailId: string
  /** Nothing was changed. */
  dryRun: boolean
  /** Events of before are not needed any more; the server's clock, UTC. */
  before: string
  /** "1-20"; empty: there is nothing to remove. */
  batches: string
  /** Of these batches. */
  events: number
  /** Events that are the newest of a row that is still there, or an erasure: they stay. */
  kept: number
  removed: number
  /** Why an older batch stays with all that is after it, in words. */
  heldBack: string | null
  /** The checkpoint that says what was removed; null for a dry run. */
  batch: number | null
}

/** "2014-03-19 10:00:00.000000": so old that it is not needed, by the server's clock. */
export function cutoff(serverAt: string, keepMs: number): string {
  const now = Date.parse(`${serverAt.slice(0, 23).replace(' ', 'T')}Z`)
  return `${new Date(now - keepMs).toISOString().slice(0, 23).replace('T', ' ')}000`
}

/**
 * Whole batches only, the oldest first and without a gap; the newest one stays, since the next
 * seal goes on from it.
 */
export function isOldEnough(
  { batch, serverAt }: Pick<Checkpoint, 'batch' | 'serverAt'>,
  newest: number,
  before: string,
): boolean {
  return batch < newest && serverAt < before
}
