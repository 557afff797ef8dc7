import type { SnapshotEnvelope } from '../backup/envelope.ts'
import type { BinlogSegment } from '../binlog/segment.ts'
import type { Stretch } from '../binlog/stretch.ts'
import { isStart, segmentOfSnapshot } from '../binlog/window.ts'
import type { StayingSnapshot } from './log-trim.ts'

/** A snapshot that stays, how it was proved, and until when its own files are held. */
export interface HoldingSnapshot extends StayingSnapshot {
  heldUntil: Date | null
}

/** A start of a replay, and the first segment that it reads: that of its file's beginning. */
interface Start extends HoldingSnapshot {
  first: number | null
}

/**
 * Until when each segment of a stretch has to be locked, in their order: as long as the snapshots are held
 * that lead through it, and where the policy says how far back moments are to be restored, no longer than
 * the first proven snapshot behind it, of each method, is of that age. A method of which nothing is held any more
 * may have no snapshot then, and asks for nothing. Never later than retention keeps the segment.
 *
 * @param logMs as for `unusedLog`
 * @returns null: no snapshot that is held leads through it
 */
export function locksOfSegments(
  stretch: Stretch,
  staying: readonly HoldingSnapshot[],
  logMs: number | null,
): (Date | null)[] {
  const { segments, sourceId } = stretch
  const starts = staying
    .filter(({ envelope }) => isStart(envelope, sourceId))
    .map(one => ({ ...one, first: firstOf(stretch, one) }))
  const byMethod = [...Map.groupBy(starts, ({ envelope }) => envelope.method).values()]
  return segments.map(({ sequence, closedAt }) => {
    const isThrough = ({ first }: Start): boolean => first !== null && first <= sequence
    const longest = longestOf(starts.filter(isThrough))
    if (longest === 0) return null
    if (logMs === null) return new Date(longest)
    const isBehind = ({ first, envelope, proven }: Start): boolean =>
      proven && (first === null ? envelope.consistentAt > closedAt : first > sequence)
    const next = byMethod.map(ofOne => {
      const behind = ofOne.filter(isBehind).map(({ envelope }) => Date.parse(envelope.consistentAt))
      const first = behind.length > 0 ? Math.min(...behind) : Date.parse(closedAt)
      return Math.min(first + logMs, longestOf(ofOne))
    })
    return new Date(Math.min(longest, Math.max(...next)))
  })
}

/** Milliseconds since 1970, UTC; 0: none is held. */
function longestOf(starts: readonly Start[]): number {
  return Math.max(0, ...starts.map(({ heldUntil }) => heldUntil?.getTime() ?? 0))
}

function firstOf(stretch: Stretch, { envelope }: StayingSnapshot): number | null {
  const own = segmentOfSnapshot(stretch, envelope)
  if (!own) return null
  const begin = stretch.segments.find(({ file, from }) => file === own.file && from === 0)
  return begin?.sequence ?? own.sequence
}

const DAY_MS = 86_400_000

/**
 * Until when a segment was locked at least as it was stored, by what snapshots before it promise of their own files:
 * the target's days may have been fewer then, and may be fewer since.
 *
 * @param days of the target now
 * @returns null: no snapshot promises anything
 */
export function promisedOfSegment(
  { sourceId, closedAt }: BinlogSegment,
  snapshots: readonly SnapshotEnvelope[],
  days: number,
): Date | null {
  const promises = snapshots.flatMap(one =>
    one.sourceId === sourceId && one.consistentAt <= closedAt && one.lockUntil
      ? [Date.parse(one.lockUntil)]
      : [],
  )
  if (promises.length === 0) return null
  return new Date(Math.min(Math.max(...promises), Date.parse(closedAt) + days * DAY_MS))
}
