import type { BinlogSegment } from './segment.ts'

/**
 * A server that is started again with another log_bin, or without, and then as before, has a log that looks whole, and
 * lacks what was changed meanwhile; on MariaDB even its GTIDs go on where this log ended. Only an archiver that ran
 * then has seen it. Between two starts somebody edits a file, and the server works for a while: milliseconds within
 * which that is not to be expected.
 */
export const QUICK_MS = 120_000

/** Since when nobody has seen a server that was started, if that is long; by its own clock. */
export function unseenBefore(
  begunMs: number,
  seenMs: readonly (number | null)[],
): NonNullable<BinlogSegment['unseen']> | null {
  const last = Math.max(...seenMs.filter(one => one !== null))
  if (!Number.isFinite(last) || begunMs - last <= QUICK_MS) return null
  return { from: new Date(last).toISOString(), until: new Date(begunMs).toISOString() }
}

/** Segments at whose start the server had not been seen for long. */
export function unseenStarts(segments: readonly BinlogSegment[]): {
  segment: BinlogSegment
  at: number
  unseen: NonNullable<BinlogSegment['unseen']>
}[] {
  return segments.flatMap((segment, at) => {
    const { unseen, from } = segment
    return unseen && from === 0 ? [{ segment, at, unseen }] : []
  })
}

/** In words, of all of them. */
export function unseenText(spans: readonly NonNullable<BinlogSegment['unseen']>[]): string {
  const times = spans.map(({ from, until }) => `from ${from} to ${until}`)
  return `nobody saw the server ${times.join(' and ')}: it was down, or stood still with its machine, or was up without this log (log_bin off, or of another name), and what was changed then would be in no archived log, and nothing tells`
}
