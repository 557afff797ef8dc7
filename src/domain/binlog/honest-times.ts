import { hasNotCome } from '../has-not-come.ts'
import type { BinlogSegment } from './segment.ts'

/**
 * A log's own times may be of a day that has not come: a session of MariaDB sets its TIMESTAMP as it likes, and a
 * server's clock may have been wrong for a while. Where the log was later seen to end further on, all before that
 * had been committed by then: no segment is later than that. A clock that was behind for a while, as of a host that
 * was started without one, has seen nothing, nor has one that is ahead of now: what most of the run agrees with counts.
 *
 * @param segments of one unbroken run, in order
 */
export function honestTimes(segments: readonly BinlogSegment[], now: Date): BinlogSegment[] {
  const honest: BinlogSegment[] = []
  let seen: string | null = null
  const come = segments.flatMap(({ knownUntil }) => knownUntil ?? [])
  const agreed = longestRise(come.filter(time => !hasNotCome(time, now)))
  for (const segment of segments.toReversed()) {
    const { firstAt, lastAt, knownUntil } = segment
    const times = { firstAt: earlier(firstAt, seen), lastAt: earlier(lastAt, seen) }
    honest.push({ ...segment, ...times, knownUntil: earlier(knownUntil, seen) })
    if (knownUntil !== null && knownUntil === agreed.at(-1)) seen = agreed.pop() ?? seen
  }
  return honest.toReversed()
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

/** Texts of ISO 8601 with microseconds sort as times. */
function earlier(time: string | null, bound: string | null): string | null {
  return time !== null && bound !== null && bound < time ? bound : time
}

/** How far a time may be ahead of a server's clock as an archiver knows it: microseconds. */
const AHEAD_US = 10_000_000

/** A transaction's time, or the server's own where that is still to come: both microseconds since 1970. */
export function notAhead(us: number | null, serverUs: number): number | null {
  return us !== null && us > serverUs + AHEAD_US ? serverUs : us
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
