import { hasNotCome } from '../has-not-come.ts'
import type { BinlogSegment } from './segment.ts'
import type { Stretch } from './stretch.ts'

/**
 * A log's own times may be of a day that has not come: a session of MariaDB sets its TIMESTAMP as it likes, and a
 * server's clock may have been wrong for a while. Where the log was later seen to end further on, all before that
 * had been committed by then: no segment is later than that. A clock that was behind for a while, as of a host that
 * was started without one, has seen nothing, nor has one that is ahead of now, or was ahead of the archiver's: what most
 * of the run agrees with counts, and bounds nothing that the archiver's own clock had reached.
 *
 * @param segments of one unbroken run, in order
 * @returns also the numbers of those that had a later time: theirs is none, but for one that is earlier
 */
export function honestTimes(
  segments: readonly BinlogSegment[],
  now: Date,
): { segments: BinlogSegment[]; untrue: ReadonlySet<number> } {
  const honest: BinlogSegment[] = []
  const untrue = new Set<number>()
  let seen: Seen | null = null
  const agreed = longestRise(
    segments.flatMap(one => (hasCome(one, now) ? (one.knownUntil ?? []) : [])),
  )
  for (const segment of segments.toReversed()) {
    const { firstAt, lastAt, knownUntil, closedAt, sequence } = segment
    const [first, last, known] = [firstAt, lastAt, knownUntil].map(at => withinSeen(at, seen))
    if (last !== lastAt || known !== knownUntil) untrue.add(sequence)
    const times = { firstAt: first ?? null, lastAt: last ?? null, knownUntil: known ?? null }
    honest.push({ ...segment, ...times })
    if (knownUntil === null || knownUntil !== agreed.at(-1)) continue
    agreed.pop()
    const [, limit = knownUntil] = [closedAt, knownUntil].toSorted()
    if (seen === null || limit < seen.limit) seen = { limit, at: knownUntil }
  }
  return { segments: honest.toReversed(), untrue }
}

/** The most of these, in their order, of which none is earlier than one before it; of such the earliest. */
function longestRise(times: readonly string[]): string[] {
  /** Per length the place of the earliest time with which so many end; per place that of the one before it. */
  const ends: number[] = []
  const before: number[] = []
  for (const [at, time] of times.entries()) {
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((times[ends[middle] ?? 0] ?? '') <= time) low = middle + 1
      else high = middle
    }
    before.push(ends[low - 1] ?? -1)
    ends[low] = at
  }
  const rise: string[] = []
  for (let at = ends.at(-1) ?? -1; at >= 0; at = before[at] ?? -1) rise.push(times[at] ?? '')
  return rise.reverse()
}

/** For whoever reads, and for the archiver when it saw that. */
function hasCome({ knownUntil, closedAt }: BinlogSegment, now: Date): boolean {
  const clocks = [now, new Date(closedAt)]
  return knownUntil !== null && !clocks.some(clock => hasNotCome(knownUntil, clock))
}

/** A moment by the server's clock, and the later of it and the archiver's. */
interface Seen {
  at: string
  limit: string
}

/** Texts of ISO 8601 sort as times, to the millisecond. */
function withinSeen(time: string | null, seen: Seen | null): string | null {
  return time !== null && seen !== null && seen.limit < time ? seen.at : time
}

/** The latest of a segment's times that are its own: all that was committed by then is in it, or before it. */
export function ownTime({ untrue }: Stretch, segment: BinlogSegment): string | null {
  const { lastAt, knownUntil, sequence } = segment
  const times = [lastAt, knownUntil].filter(time => time !== null).toSorted()
  const latest = times.at(-1) ?? null
  return (untrue?.has(sequence) ? times.find(time => time !== latest) : latest) ?? null
}

/** How far a time may be ahead of a server's clock as an archiver knows it: microseconds. */
const AHEAD_US = 10_000_000

/**
 * The first and the last time of a segment's transactions, as far as these are times: one that is still to come is none.
 * The server's own is later than that of all of them, and than that of others behind them, which are not in the segment:
 * a moment before it may lie behind these.
 *
 * @param beforeUs the last time before the segment, which is that of a segment without; null where nothing is before it
 * @returns like these microseconds since 1970
 */
export function spanOf(
  times: readonly number[],
  serverUs: number,
  beforeUs: number | null,
): { firstUs: number | null; lastUs: number | null } {
  let [firstUs, lastUs]: (number | null)[] = [null, null]
  for (const us of times) {
    if (us > serverUs + AHEAD_US) continue
    firstUs = Math.min(firstUs ?? us, us)
    lastUs = Math.max(lastUs ?? us, us)
  }
  const none = times.length > 0 ? Math.min(beforeUs ?? serverUs, serverUs) : null
  return { firstUs: firstUs ?? none, lastUs: lastUs ?? none }
}

/**
 * How many transactions belong to a moment. Of one whose own time is none, it is known only that it lies between
 * its neighbours: it belongs to the moment where one behind it does, or where all do.
 *
 * @param times of each transaction, in the log's order, and of the moment: microseconds since 1970
 * @param latest all of them were committed by then
 */
export function countBefore(times: readonly number[], us: number, latest: number): number {
  if (us > latest) return times.length
  const first = times.findIndex(time => time >= us && time <= latest)
  const within = first < 0 ? times : times.slice(0, first)
  return within.findLastIndex(time => time <= latest) + 1
}
