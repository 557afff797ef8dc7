import type { BinlogSegment } from './segment.ts'

/** The latest moment of which it is known what had been committed by then. */
export function momentOfEnd(segments: readonly BinlogSegment[]): string | null {
  const moments = segments.slice(-KNOWN_WITHIN).flatMap(one => [one.knownUntil, one.lastAt])
  return (
    moments
      .filter(moment => moment !== null)
      .sort()
      .at(-1) ?? null
  )
}

/** How far back the newest known moment can lie; a transaction may span some segments. */
const KNOWN_WITHIN = 1000
