import { type SnapshotEnvelope, wholeOrAll } from '../backup/envelope.ts'
import type { DrillRecord } from './drill-record.ts'

/**
 * Rows and data files have their turn, run after run: where files are backed up just before the
 * weekly drill, the newest snapshot would never be one with rows. Of the newest server's newest
 * snapshots of each method, the one whose method was drilled the longest ago; one that is older than
 * promised is left out, for its drill would tell of an objective that the other one meets.
 *
 * @param all oldest first; one of some databases only has its turn where there is none of all
 * @param drills of this place, oldest first
 */
export function snapshotInTurn(
  all: readonly SnapshotEnvelope[],
  drills: readonly Pick<DrillRecord, 'method' | 'outcome' | 'at'>[],
  { now, rpoMs }: { now: Date; rpoMs: number | null },
): string | null {
  const snapshots = wholeOrAll(all)
  const newest = snapshots.at(-1)
  if (!newest) return null
  const other = snapshots.findLast(
    ({ sourceId, method }) => sourceId === newest.sourceId && method !== newest.method,
  )
  const isYoung =
    other && (rpoMs === null || now.getTime() - Date.parse(other.consistentAt) <= rpoMs)
  if (!other || !isYoung) return newest.snapshotId
  const drilledAt = (method: string): string =>
    drills.findLast(one => one.method === method && one.outcome === 'passed')?.at ?? ''
  return drilledAt(other.method) < drilledAt(newest.method) ? other.snapshotId : newest.snapshotId
}
