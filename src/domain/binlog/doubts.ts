import type { SnapshotEnvelope } from '../backup/envelope.ts'
import { laxCrashes } from './crashes.ts'
import { momentOfEnd } from './moment-of-end.ts'
import type { BinlogSegment } from './segment.ts'
import { fileNumber } from './stretch.ts'
import { unseenStarts, unseenText } from './unseen.ts'

/** Moments that cannot be restored although later ones can, or may. */
export interface WindowGap {
  /** ISO 8601. */
  from: string | null
  until: string | null
  /** In words. */
  why: string
}

/**
 * Where the server may have changes that its log has not: moments from there on until the next snapshot. Where
 * no snapshot of before is left, nothing leads over it.
 *
 * @param segments of one unbroken run
 * @param snapshots within it that are not found bad
 */
export function doubtsOf(
  segments: readonly BinlogSegment[],
  snapshots: readonly SnapshotEnvelope[],
): WindowGap[] {
  const crashes = laxCrashes(segments).map(({ segment, at, lax }) => ({
    ...{ segment, at },
    why: `the server went down without closing its log before ${segment.file}, and had ${lax.join(' and ')}: where its machine went down with it, its last changes before that may not be in its log`,
  }))
  const unseen = unseenStarts(segments).map(({ segment, at, unseen }) => ({
    ...{ segment, at },
    why: `before ${segment.file} ${unseenText([unseen])}`,
  }))
  return [...crashes, ...unseen].flatMap(({ segment, at, why }) => {
    const isBefore = ({ position }: SnapshotEnvelope): boolean =>
      fileNumber(position?.file ?? '') < fileNumber(segment.file)
    if (!snapshots.some(isBefore)) return []
    const until = snapshots.find(one => !isBefore(one))?.consistentAt ?? null
    const lasts = until === null ? '; it lasts until the next `ecomdb backup logical`' : ''
    return [{ from: momentOfEnd(segments.slice(0, at)), until, why: `${why}${lasts}` }]
  })
}
