import { type BinlogSegment, LOG_FILE, type StretchBegin } from './segment.ts'

/** Segments that follow one another without a gap, of one history of one server. */
export interface Stretch {
  stretchId: string
  sourceId: string
  /** From the first; where retention has removed the beginning, from the one behind it. */
  segments: readonly BinlogSegment[]
  /** Numbers of segments that had a time which was still to come: see honestTimes. */
  untrue?: ReadonlySet<number>
  /**
   * Why it began, also where its first segment is gone. trimmed: in a copy that was away while retention
   * removed from the repository what lies between this and the part before.
   */
  begins:
    | StretchBegin
    | { reason: 'trimmed'; after: NonNullable<StretchBegin['after']>; first: StretchBegin }
  /** The hash of the newest envelope: what the next one names. */
  headSha256: string
}

/** The oldest first; what is of one stretch in the order of its segments. */
export function inOrder(stretches: readonly Stretch[]): Stretch[] {
  const first = ({ segments }: Stretch): number => segments[0]?.sequence ?? 0
  return stretches.toSorted((a, b) => {
    if (a.stretchId === b.stretchId) return first(a) - first(b)
    return a.stretchId < b.stretchId ? -1 : 1
  })
}

/** A segment and the hash of its envelope's bytes. */
export interface HashedSegment {
  segment: BinlogSegment
  sha256: string
}

/** What is wrong with a chain of segments, in words; null where it is whole. */
export type ChainProblem = string | null

/**
 * Does a segment follow the one before it? Both were signed by a trusted signer; this is
 * about order, holes and strangers.
 *
 * @param before null for the first of a stretch
 * @param trim what retention has removed before the first; null where that is nothing
 */
export function chainProblem(
  before: HashedSegment | null,
  next: BinlogSegment,
  trim: { through: number; sha256: string } | null = null,
): ChainProblem {
  const expected = (before?.segment.sequence ?? trim?.through ?? 0) + 1
  if (next.sequence !== expected) {
    return `segment ${expected} is missing: ${next.sequence} comes next`
  }
  const { previousSha256 } = next
  if (previousSha256 !== (before?.sha256 ?? trim?.sha256 ?? null)) {
    return `segment ${next.sequence} does not follow this segment ${expected - 1}, but another one`
  }
  if (!before) {
    if (!next.begins && !trim) return 'its first segment does not say why it begins'
    return next.from === 0 ? null : `its first segment begins at ${next.file}:${next.from}`
  }
  const end = endOf(before.segment)
  if (next.sourceId !== before.segment.sourceId)
    return `segment ${next.sequence} is of ${next.sourceId}`
  if (next.file === end.file && next.from === end.offset) return null
  if (isMarkAt(before.segment, next)) return null
  return `segment ${next.sequence} begins at ${next.file}:${next.from}, and ${end.file}:${end.offset} comes next`
}

/** A hole that was noted at an end of a file which was archived before: it says no more than that. */
const isMarkAt = (
  before: BinlogSegment,
  { file, from, to, nextFile, hole }: BinlogSegment,
): boolean =>
  hole != null &&
  from === to &&
  file === before.file &&
  from === before.to &&
  nextFile === before.nextFile

/** Where the next segment begins. Offset 0 is the beginning of a file, its magic included. */
export function endOf(segment: BinlogSegment): LogPlace {
  return segment.nextFile === null
    ? { file: segment.file, offset: segment.to }
    : { file: segment.nextFile, offset: 0 }
}

/** The number at the end of a binary log file's name. */
export function fileNumber(file: string): number {
  return Number(/\.(\d+)$/.exec(file)?.[1] ?? Number.NaN)
}

/** "binlog.000009" → "binlog.000010": how both engines name the next one. */
export function fileAfter(file: string): string {
  return file.replace(/\d+$/, digits => String(Number(digits) + 1).padStart(digits.length, '0'))
}

/** Those of a server's files that are of one log: where it was given another name, it is another one. */
export function filesOfOneLog(files: readonly string[]): readonly string[] {
  const newest = logNameOf(files.at(-1))
  return files.slice(files.findLastIndex(name => logNameOf(name) !== newest) + 1)
}

/** "binlog.000009" → "binlog.": what a server's setting log_bin gives to all of its files. */
export const logNameOf = (file: string | undefined): string => file?.replace(/\d+$/, '') ?? ''

/** A place in a server's binary log: in which file, and how many bytes into it. */
export interface LogPlace {
  file: string
  offset: number
}

/** Is `here` at `there` or behind it? */
export function isAtLeast(here: LogPlace, there: LogPlace): boolean {
  if (here.file === there.file) return here.offset >= there.offset
  return fileNumber(here.file) > fileNumber(there.file)
}

/** The hole of a log that lies between two places of it, if there is one. */
export function holeBetween(
  { segments }: Stretch,
  start: LogPlace,
  stop: LogPlace,
): BinlogSegment | null {
  const isBetween = ({ file, to }: BinlogSegment): boolean => {
    const end = { file, offset: to }
    return isAtLeast(end, start) && !isAtLeast(end, stop)
  }
  return segments.find(one => one.hole != null && isBetween(one)) ?? null
}

/** Could this be a binary log file of a server: one part of a path, and no option? */
export function isLogFileName(name: string): boolean {
  return LOG_FILE.test(name)
}
