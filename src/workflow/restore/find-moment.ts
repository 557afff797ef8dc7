import { EcomdbError } from '#core/errors'
import type { Secret } from '#core/secret'
import { laxCrashes } from '#domain/binlog/crashes'
import { parseHistory, requireOneGtid } from '#domain/binlog/gtid-history'
import { GtidSet } from '#domain/binlog/gtid-set'
import { countBefore, ownTime } from '#domain/binlog/honest-times'
import { type Moment, momentText } from '#domain/binlog/moment'
import { momentOfEnd } from '#domain/binlog/moment-of-end'
import type { Transaction } from '#domain/binlog/scanner'
import { type BinlogSegment, microsOfIso } from '#domain/binlog/segment'
import type { LogPlace, Stretch } from '#domain/binlog/stretch'
import type { BinlogArchive } from '#repository/binlog-archive'
import { findMariadbGtids, gtidsOf } from './find-mariadb-gtids.ts'
import { type ScannedSegment, SegmentScan } from './scan-segment.ts'

/** Where a moment is in a stretch: between two transactions. */
export interface FoundMoment {
  stretch: Stretch
  segment: BinlogSegment
  /** Everything before this place belongs to it. */
  stop: LogPlace
  /** The last transaction before it, as far as it is in the same segment. */
  last: Transaction | null
  /** The first one that does not belong to it, as far as it is archived in the same segment. */
  next: Transaction | null
}

/**
 * Finds the place in a stretch at which a replay must stop, to the transaction.
 *
 * @returns null when the moment is not in this stretch
 * @throws EcomdbError USAGE (a GTID that is none), OBJECT_DAMAGED, WRONG_IDENTITY
 */
export async function findMoment(
  archive: BinlogArchive,
  stretch: Stretch,
  moment: Moment,
  identities: readonly Secret[],
): Promise<FoundMoment | null> {
  const [first] = stretch.segments
  if (first && moment.kind === 'before-gtid') requireOneGtid(first.engine, moment.gtid)
  const scan = new SegmentScan(archive, stretch, identities)
  const found =
    first?.engine === 'mariadb' && moment.kind !== 'at'
      ? await mariadbGtids(scan, stretch, moment)
      : await stopOf(scan, stretch, moment)
  if (!found) return null
  const { segment, transactions, at } = found
  const next = transactions[at] ?? null
  const last = transactions[at - 1] ?? null
  const stop = stopPlace(stretch, segment, moment, last, next)
  return { stretch, segment, stop, last, next }
}

/**
 * The last place that shows what a moment's own stop shows: nothing was committed between the two. A log
 * that goes on in its next file, as at a start of the server, has it there.
 */
export async function quietUntil(
  archive: BinlogArchive,
  { stretch, segment, stop }: FoundMoment,
  identities: readonly Secret[],
): Promise<LogPlace> {
  const { segments } = stretch
  let quiet = stop
  let before = segment
  for (const one of segments.slice(segments.indexOf(segment) + 1)) {
    if (before.hole != null || before.open) return quiet
    const { file, border, open, transactions } = one
    if (transactions > 0) {
      const scanned = await new SegmentScan(archive, stretch, identities).scan(one)
      return { file, offset: scanned.transactions[0]?.from ?? one.from }
    }
    if (open) return { file, offset: open.from }
    if (border !== null) quiet = { file, offset: border }
    before = one
  }
  return quiet
}

/** A segment, and how many of its transactions belong to the moment. */
interface Stop extends ScannedSegment {
  at: number
}

async function mariadbGtids(
  scan: SegmentScan,
  stretch: Stretch,
  moment: Exclude<Moment, { kind: 'at' }>,
): Promise<Stop | null> {
  if (moment.kind === 'before-gtid') {
    const next = await findMariadbGtids(scan, stretch, gtidsOf(moment.gtid))
    return next && { ...next, at: next.index }
  }
  const before = stretch.segments[0]?.gtidsBefore
  const last = await findMariadbGtids(scan, stretch, gtidsOf(moment.set), before)
  return last && { ...last, at: last.index + 1 }
}

async function stopOf(scan: SegmentScan, stretch: Stretch, moment: Moment): Promise<Stop | null> {
  const segment = stretch.segments.find(one => reaches(stretch, one, moment))
  if (!segment) return null
  if (moment.kind !== 'at' && !isNew(stretch, segment, moment)) return null
  const scanned = await scan.scan(segment)
  const at = stopIn(scanned, moment)
  if (at === 0 && moment.kind === 'at') {
    return (await behindUntrue(scan, stretch, segment, moment)) ?? { ...scanned, at }
  }
  return at < 0 ? null : { ...scanned, at }
}

/**
 * Nothing of a segment belongs to a moment, and what comes before it may have times that are none, which belong to
 * the moment where something behind them does: the place before all of that; null where there is none.
 */
async function behindUntrue(
  scan: SegmentScan,
  stretch: Stretch,
  segment: BinlogSegment,
  moment: Moment & { kind: 'at' },
): Promise<Stop | null> {
  let found: Stop | null = null
  const { segments } = stretch
  for (const one of segments.slice(0, segments.indexOf(segment)).toReversed()) {
    if (one.transactions === 0 && one.hole == null) continue
    if (one.hole != null || !stretch.untrue?.has(one.sequence)) return found
    const scanned = await scan.scan(one)
    found = { ...scanned, at: stopIn(scanned, moment) }
    if (found.at > 0) return found
  }
  return found
}

/** Does the moment lie in this segment, when it lies in none before it? */
function reaches(stretch: Stretch, segment: BinlogSegment, moment: Moment): boolean {
  const { engine, gtidsAfter } = segment
  if (moment.kind === 'at') {
    const time = ownTime(stretch, segment)
    return time !== null && microsOfIso(time) >= moment.us
  }
  const after = parseHistory(engine, gtidsAfter)
  return moment.kind === 'gtid' ? after.covers(moment.set) : after.has(canonical(moment.gtid))
}

/** Is what is asked for in the log, rather than before its beginning? */
function isNew(stretch: Stretch, segment: BinlogSegment, moment: Moment): boolean {
  const before = parseHistory(segment.engine, segment.gtidsBefore)
  if (moment.kind === 'before-gtid') return !before.has(canonical(moment.gtid))
  // A set that is empty, or was complete when the log began, is no place in it.
  return moment.kind === 'gtid' && (segment !== stretch.segments[0] || !before.covers(moment.set))
}

/** How many of a segment's transactions belong to the moment; negative when it is not in it. */
function stopIn({ segment, transactions }: ScannedSegment, moment: Moment): number {
  if (moment.kind === 'at') {
    const latest = segment.lastAt === null ? Number.POSITIVE_INFINITY : microsOfIso(segment.lastAt)
    const times = transactions.map(({ committedUs }) => committedUs)
    return countBefore(times, moment.us, latest)
  }
  if (moment.kind === 'before-gtid') {
    return transactions.findIndex(({ gtid }) => gtid === canonical(moment.gtid))
  }
  const history = parseHistory(segment.engine, segment.gtidsBefore)
  const wanted = parseHistory(segment.engine, moment.set)
  for (const [at, { gtid }] of transactions.entries()) {
    if (!gtid) continue
    history.record(gtid)
    if (wanted.has(gtid) && history.covers(moment.set)) return at + 1
  }
  return 0
}

function stopPlace(
  stretch: Stretch,
  segment: BinlogSegment,
  moment: Moment,
  last: Transaction | null,
  next: Transaction | null,
): LogPlace {
  const { file } = segment
  if (moment.kind === 'gtid' && last) return { file, offset: last.to }
  if (next) return { file, offset: next.from }
  if (segment.border !== null) return { file, offset: segment.border }
  // Nothing ended in it: the last border before it.
  const before = stretch.segments.slice(0, stretch.segments.indexOf(segment))
  const found = before.findLast(({ border }) => border !== null)
  return found ? { file: found.file, offset: found.border ?? 0 } : { file, offset: segment.from }
}

/** As a scanner writes it. */
function canonical(gtid: string): string {
  return gtid.trim().toLowerCase()
}

/** The error for a moment that is in no stretch, with what there is; a copy is filled from the repository alone. */
export function outsideWindow(
  moment: Moment,
  stretches: readonly Stretch[],
  isCopy: boolean,
): EcomdbError {
  const ends = stretches.map(({ segments }) => {
    const first = segments.find(one => one.firstAt !== null)?.firstAt
    const gtids = segments.at(-1)?.gtidsAfter
    return `${first ?? '…'} to ${momentOfEnd(segments) ?? '…'}${gtids ? ` (GTIDs ${gtids})` : ''}`
  })
  const lacking = moment.kind === 'gtid' ? notArchived(moment.set, stretches) : ''
  return new EcomdbError('OUTSIDE_WINDOW', {
    what: `cannot restore to ${momentText(moment)}`,
    why:
      ends.length === 0
        ? 'there is no binary log of this server here'
        : `the archived log is of ${ends.join('; ')}, and ${lacking || 'it'} is not in there`,
    hints: [
      ...(lacking ? [...lostHints(stretches), PURGED] : []),
      '`ecomdb backup window` lists what can be restored, and the gaps',
      isCopy
        ? 'this is a copy, as of when it was last copied to: the repository itself may have more (restore without --from), or another disk'
        : 'if the server is still there, `ecomdb backup binlog --once` archives its log until now',
    ],
  })
}

const PURGED =
  "what a server has had but never in its own log (MySQL's gtid_purged of one that was made from a backup) is in no archive: leave it out, or name the last transaction only"

/** MySQL keeps the GTIDs in its tables, with the rows, where its machine went down with the end of its log. */
function lostHints(stretches: readonly Stretch[]): string[] {
  const crashes = stretches.flatMap(({ segments }) => laxCrashes(segments))
  const files = crashes.map(({ segment }) => segment.file)
  if (files.length === 0) return []
  return [
    `the server went down without closing its log before ${files.join(', ')}: its last transactions of before that may be in its tables and gtid_executed, and in no log any more: leave them out; a snapshot of after it has their rows`,
  ]
}

/** What of a set no archived log has. */
function notArchived(set: string, stretches: readonly Stretch[]): string {
  const engine = stretches[0]?.segments[0]?.engine
  const all = stretches.map(({ segments }) => segments.at(-1)?.gtidsAfter ?? '')
  if (engine === 'mysql') {
    const left = (wanted: GtidSet, gtids: string): GtidSet => wanted.minus(GtidSet.parse(gtids))
    return all.reduce(left, GtidSet.parse(set)).toString()
  }
  const has = (gtid: string): boolean =>
    all.some(gtids => parseHistory('mariadb', gtids).covers(gtid))
  return set
    .split(',')
    .filter(gtid => !has(gtid))
    .join(',')
}
