import { type SnapshotEnvelope, wholeOrAll } from '../backup/envelope.ts'
import type { DrillRecord } from './drill-record.ts'
import { newestTurn } from './drill-turn.ts'

/**
 * Rows and data files have their turn, run after run: where files are backed up just before the
 * weekly drill, the newest snapshot would never be one with rows. So have the servers of a
 * repository: first the one that was drilled the longest ago. Of its newest snapshots of each method, the one whose method was drilled the longest ago; one that is older than
 * promised is left out, for its drill would tell of an objective that the other one meets.
 *
 * @param all oldest first; one of some databases only has its turn where there is none of all
 * @param drills of this place, whatever came of them
 */
export function snapshotInTurn(
  all: readonly SnapshotEnvelope[],
  drills: readonly Pick<DrillRecord, 'sourceId' | 'method' | 'at'>[],
  when: { now: Date; rpoMs: number | null },
): string | null {
  const snapshots = wholeOrAll(all)
  const newest = serverInTurn(snapshots, drills, when)
  if (!newest) return null
  const { now, rpoMs } = when
  const other = snapshots.findLast(
    ({ sourceId, method }) => sourceId === newest.sourceId && method !== newest.method,
  )
  const isYoung =
    other && (rpoMs === null || now.getTime() - Date.parse(other.consistentAt) <= rpoMs)
  if (!other || !isYoung) return newest.snapshotId
  const drilledAt = (method: string): string =>
    newestTurn(
      drills.filter(
        one => (one.sourceId ?? newest.sourceId) === newest.sourceId && one.method === method,
      ),
      now,
    )
  return drilledAt(other.method) < drilledAt(newest.method) ? other.snapshotId : newest.snapshotId
}

/** Its newest snapshot. A server of which nothing is young any more has no turn: its drill would tell of that. */
function serverInTurn(
  snapshots: readonly SnapshotEnvelope[],
  drills: Parameters<typeof snapshotInTurn>[1],
  { now, rpoMs }: Parameters<typeof snapshotInTurn>[2],
): SnapshotEnvelope | undefined {
  const newestOf = new Map(snapshots.map(one => [one.sourceId, one]))
  const isYoung = ({ consistentAt }: SnapshotEnvelope): boolean =>
    rpoMs === null || now.getTime() - Date.parse(consistentAt) <= rpoMs
  const drilledAt = ({ sourceId }: SnapshotEnvelope): string =>
    newestTurn(
      drills.filter(one => one.sourceId === sourceId),
      now,
    )
  const young = [...newestOf.values()].filter(isYoung)
  // Of those that were never drilled, the one whose snapshot is the newest.
  const newestFirst = young.sort((a, b) => (a.snapshotId > b.snapshotId ? -1 : 1))
  const [first] = newestFirst.sort((a, b) =>
    drilledAt(a) < drilledAt(b) ? -1 : drilledAt(a) > drilledAt(b) ? 1 : 0,
  )
  return first ?? snapshots.at(-1)
}
