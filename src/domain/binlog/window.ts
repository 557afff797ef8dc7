import type { SnapshotEnvelope } from '../backup/envelope.ts'
import { doubtsOf, type WindowGap } from './doubts.ts'
import { couldLieIn } from './gtid-history.ts'
import { momentOfEnd } from './moment-of-end.ts'
import type { BinlogSegment } from './segment.ts'
import { endOf, inOrder, isAtLeast, type LogPlace, type Stretch } from './stretch.ts'

/** What can be restored of one server, and what cannot. */
export interface SourceWindow {
  sourceId: string
  engine: string
  stretches: readonly StretchWindow[]
  gaps: readonly WindowGap[]
  /** Moments that can be restored, and perhaps without changes which the server has. */
  doubts: readonly WindowGap[]
}

/** One unbroken run of segments that can be read, and the snapshots from which it leads on. */
export interface StretchWindow {
  stretchId: string
  /**
   * unreadable: the bytes of the segment before it are missing or damaged. hole: the server did not log
   * all that comes before it.
   */
  begins: Stretch['begins']['reason'] | 'unreadable' | 'hole'
  /** The first and the last moment of its log, ISO 8601; null where nothing happened. */
  from: string | null
  until: string | null
  end: LogPlace & { gtids: string }
  segments: number
  transactions: number
  /** Of the server's files, and as they are stored. */
  bytes: number
  storedBytes: number
  /** Logical snapshots within it, oldest first. */
  snapshots: readonly { snapshotId: string; consistentAt: string }[]
  /** Snapshots within it that a verify or drill has found bad: no moment is restored from them. */
  bad: readonly string[]
  /**
   * Every moment from <= t <= until can be restored; null without a logical snapshot, and where
   * the first one is later than `until`, which for MariaDB is a whole second.
   */
  restorable: { from: string; until: string } | null
  /** The same from physical snapshots, into a data directory. */
  restorableFiles: { from: string; until: string } | null
}

/** What `ecomdb backup window` found. */
export interface WindowReport {
  repositoryId: string
  target: string
  sources: readonly SourceWindow[]
  /** Stretches that are believed up to some segment only, or not at all. */
  refused: readonly { name: string; why: string; segments: number }[]
  /** Stored bytes of segments that are missing, or not as long as was signed. */
  unreadable: readonly { name: string; why: string }[]
}

/** Is there anything that cannot be restored, or not for certain, or is not believed? */
export function hasHoles({ sources, refused, unreadable }: WindowReport): boolean {
  const isOpen = ({ gaps, doubts }: SourceWindow): boolean => gaps.length + doubts.length > 0
  return refused.length + unreadable.length > 0 || sources.some(isOpen)
}

/**
 * The windows of every source that has segments.
 *
 * @param isBad of a snapshot: has a verify or drill found it bad?
 * @param unreadable stored bytes that are missing, or not as long as their envelope says, by path
 */
export function windowsOf(
  stretches: readonly Stretch[],
  snapshots: readonly SnapshotEnvelope[],
  isBad: (snapshot: SnapshotEnvelope) => boolean = () => false,
  unreadable: ReadonlySet<string> = new Set(),
): SourceWindow[] {
  const sources = [...new Set(stretches.map(({ sourceId }) => sourceId))]
  return sources.map(sourceId => {
    const own = inOrder(stretches.filter(stretch => stretch.sourceId === sourceId))
    const parts = own.flatMap((stretch, at) =>
      partsOf(stretch, own[at - 1] ?? null, own[at + 1] ?? null, unreadable),
    )
    const starts = snapshots.filter(one => isStart(one, sourceId))
    const windows = parts
      .filter(({ segments }) => segments.length > 0)
      .map(part => windowOf(part, snapshots, isBad))
    return {
      sourceId,
      engine: own[0]?.segments[0]?.engine ?? '',
      stretches: windows.map(
        ({ hole: _, closed: __, start: ___, doubts: ____, ...window }) => window,
      ),
      gaps: [
        ...windows.flatMap((_, at) => lackBefore(windows, at, own, starts)),
        ...windows.flatMap((_, at) => gapBefore(windows, at)),
        ...gapAtEnd(parts.at(-1), windows.at(-1)),
      ],
      doubts: windows.flatMap(({ doubts }) => doubts),
    }
  })
}

/** Segments of a stretch between two that cannot be read, or between holes of the log. */
interface Part {
  stretch: Stretch
  before: Stretch | null
  after: Stretch | null
  segments: readonly BinlogSegment[]
  /** The segment before them, whose bytes cannot be read, or behind which the log has a hole. */
  hole: BinlogSegment | null
  /** In these files of the server no replay can begin: what it has to read before is lost. */
  closed: ReadonlySet<string>
}

function partsOf(
  stretch: Stretch,
  before: Stretch | null,
  after: Stretch | null,
  unreadable: ReadonlySet<string>,
): Part[] {
  let segments: BinlogSegment[] = []
  const closed = new Set<string>()
  const parts: Part[] = [{ stretch, before, after, segments, hole: null, closed: new Set() }]
  for (const segment of stretch.segments) {
    if (segment.object === null || !unreadable.has(segment.object.path)) {
      segments.push(segment)
      if (segment.hole == null) continue
    } else if (closesFile(segment)) closed.add(segment.file)
    segments = []
    parts.push({ stretch, before, after, segments, hole: segment, closed: new Set(closed) })
  }
  return parts
}

/**
 * Is a file of no use behind a segment that is lost? Its beginning says how to read the rest of it; and
 * MySQL's own program reads all of it, also what comes before the place where a replay begins.
 */
const closesFile = ({ engine, from }: BinlogSegment): boolean => engine === 'mysql' || from === 0

/** The segment in which a snapshot was taken, by place and GTIDs; null when in none. */
export function segmentOfSnapshot(
  stretch: Stretch,
  snapshot: SnapshotEnvelope,
): BinlogSegment | null {
  return segmentsOfSnapshot(stretch, snapshot)[0] ?? null
}

/** They are two where it was taken between them. */
export function segmentsOfSnapshot(
  { segments }: Stretch,
  { position, sourceId, engine }: SnapshotEnvelope,
): BinlogSegment[] {
  if (!position || position.file === null || position.offset === null) return []
  const { file, offset, gtidSet, begunAt } = position
  const found = segments.filter(
    one => one.file === file && one.from <= offset && offset <= one.to && one.from < one.to,
  )
  const isIts = (one: BinlogSegment): boolean =>
    one.sourceId === sourceId &&
    one.engine === engine &&
    // Two logs of a server, or of two that go by one name, have files of one name.
    (begunAt == null || one.begunAt == null || begunAt === one.begunAt) &&
    couldLieIn(one, gtidSet)
  return found[0] && isIts(found[0]) ? found.filter(isIts) : []
}

function windowOf(
  { stretch, before, after, segments, hole, closed }: Part,
  snapshots: readonly SnapshotEnvelope[],
  isBad: (snapshot: SnapshotEnvelope) => boolean,
): HoledWindow {
  const { stretchId } = stretch
  const all = snapshots.filter(
    one =>
      (one.scope ?? null) === null &&
      segmentOfSnapshot({ ...stretch, segments }, one) !== null &&
      !closed.has(one.position?.file ?? '') &&
      !isAtOrBefore(one, hole) &&
      !isOfOldLog(one, stretch, before) &&
      !isOfNewLog(one, stretch, after),
  )
  const whole = all.filter(one => !isBad(one))
  const within = whole.filter(({ method }) => method === 'logical')
  const files = whole.filter(({ method }) => method === 'physical')
  const until = momentOfEnd(segments)
  const last = segments.at(-1)
  const total = (amount: (one: BinlogSegment) => number): number =>
    segments.reduce((sum, one) => sum + amount(one), 0)
  return {
    stretchId,
    begins: hole ? (hole.hole == null ? 'unreadable' : 'hole') : stretch.begins.reason,
    from: segments.find(one => one.firstAt !== null)?.firstAt ?? null,
    until,
    end: { ...(last ? endOf(last) : { file: '', offset: 0 }), gtids: last?.gtidsAfter ?? '' },
    segments: segments.length,
    transactions: total(one => one.transactions),
    bytes: total(one => one.to - one.from),
    storedBytes: total(one => one.object?.bytes ?? 0),
    snapshots: within.map(({ snapshotId, consistentAt }) => ({ snapshotId, consistentAt })),
    bad: all.filter(isBad).map(({ snapshotId }) => snapshotId),
    restorable: between(within[0], until),
    restorableFiles: between(files[0], until),
    ...{ hole, closed, start: earliest(within[0], files[0]), doubts: doubtsOf(segments, whole) },
  }
}

/** A place just where a hole is may be of before it. */
function isAtOrBefore({ position }: SnapshotEnvelope, hole: BinlogSegment | null): boolean {
  if (!position || hole?.hole == null) return false
  const { file, offset } = position
  return isAtLeast({ file: hole.file, offset: hole.to }, { file: file ?? '', offset: offset ?? 0 })
}

/**
 * And the other way round: what was taken after a log had ended, and another one had begun in its
 * place, also where that one is not archived yet. One that was taken at its very end, when all was
 * archived, has nothing behind it in this log.
 *
 * @param after the stretch that was begun after this one; null when it is the newest
 */
export function isOfNewLog(
  { consistentAt, position }: SnapshotEnvelope,
  { segments }: Stretch,
  after: Stretch | null,
): boolean {
  const end = momentOfEnd(segments)
  if (end !== null && consistentAt > end && after?.begins.reason === 'history') {
    return true
  }
  // The log was longer already than to its place, by the server's own clock.
  const known = segments.findLast(({ knownUntil }) => knownUntil !== null)
  if (!known || consistentAt <= (known.knownUntil ?? '')) return false
  const place = { file: position?.file ?? '', offset: position?.offset ?? 0 }
  return !isAtLeast(place, { file: known.file, offset: known.to })
}

function between(
  first: SnapshotEnvelope | undefined,
  until: string | null,
): { from: string; until: string } | null {
  if (!first || until === null || first.consistentAt > until) return null
  return { from: first.consistentAt, until }
}

/**
 * A log that was reset has the names, the places and the first GTIDs of the one before it; so has that of
 * a server which went back to an image of its disks, and there even the file can be an older one.
 *
 * @param before the stretch that was begun before this one; null when it is the first
 */
export function isOfOldLog(
  { consistentAt }: SnapshotEnvelope,
  { begins }: Stretch,
  before: Stretch | null,
): boolean {
  const end = before && momentOfEnd(before.segments)
  return begins.reason === 'history' && end !== null && consistentAt <= end
}

/** Until when a stretch leads on from a snapshot, of rows or of files. */
export function restorableUntil({ restorable, restorableFiles }: StretchWindow): string | null {
  return (restorable ?? restorableFiles)?.until ?? null
}

function earliest(...snapshots: readonly (SnapshotEnvelope | undefined)[]): string | null {
  const moments = snapshots.flatMap(one => (one ? [one.consistentAt] : []))
  return moments.sort()[0] ?? null
}

interface HoledWindow extends StretchWindow, Pick<Part, 'hole' | 'closed'> {
  /** What its first snapshot shows, also where the log does not tell yet what came after it. */
  start: string | null
  doubts: WindowGap[]
}

/**
 * What lies before a window that is not the first, or has no snapshot yet. Where no snapshot is left
 * before a gap, and there is one behind it, nothing is missing between two moments: there the window begins.
 */
function gapBefore(windows: readonly HoledWindow[], at: number): WindowGap[] {
  const [window, before] = [windows[at], windows[at - 1]]
  if (!window) return []
  const snapshot = window.start
  const leads = (one: HoledWindow): boolean => one.start !== null
  const from = windows.slice(0, at).findLast(leads)?.until
  if (snapshot !== null) {
    if (from === undefined) return []
    return [{ from, until: snapshot, why: whyBefore(window) }]
  }
  // What comes later has a snapshot, and the gap before that is this one.
  if (windows.slice(at).some(leads)) return []
  const why = before
    ? whyBefore(window)
    : window.bad.length > 0
      ? 'a verify or drill has found every snapshot within it bad'
      : 'the log was archived before there was a snapshot within it'
  return [{ from: before?.until ?? window.from, until: null, why: `${why}; ${lasts(window)}` }]
}

function lasts({ closed, end }: HoledWindow): string {
  const until = 'it lasts until the next `ecomdb backup logical`, or `ecomdb backup physical`'
  return closed.has(end.file)
    ? `${until}, once the server has begun another file of its log (FLUSH BINARY LOGS)`
    : until
}

/** Can a replay of the log of this server begin at it? */
export function isStart(
  { sourceId, scope, position }: SnapshotEnvelope,
  ofServer: string,
): boolean {
  return sourceId === ofServer && (scope ?? null) === null && (position?.file ?? null) !== null
}

/**
 * A stretch that another one says it followed, and of which there is nothing: retention leaves the end of each.
 * It counts as long as there is a snapshot of before from which moments could have been restored.
 *
 * @param own the server's stretches
 * @param starts its snapshots
 */
function lackBefore(
  windows: readonly HoledWindow[],
  at: number,
  own: readonly Stretch[],
  starts: readonly SnapshotEnvelope[],
): WindowGap[] {
  const window = windows[at]
  const stretch = own.find(one => one.stretchId === window?.stretchId)
  if (!window || !stretch || windows[at - 1]?.stretchId === window.stretchId) return []
  const { begins } = stretch
  const { after } = begins.reason === 'trimmed' ? begins.first : begins
  if (after === null || own.some(one => one.stretchId === after.stretchId)) return []
  // Where an earlier one leads, the gap behind that is this one.
  if (windows.slice(0, at).some(({ start }) => start !== null)) return []
  const until = window.start ?? window.from
  const from = starts.map(({ consistentAt }) => consistentAt).sort()[0]
  if (from === undefined || until === null || from >= until) return []
  const why = `of the stretch ${after.stretchId}, which was archived before, nothing is there or believed: bring it back from a copy of the repository`
  return [{ from, until, why }]
}

/** The newest segments cannot be read: there is nothing behind them. */
function gapAtEnd(newest: Part | undefined, window: StretchWindow | undefined): WindowGap[] {
  if (!newest?.hole || newest.segments.length > 0) return []
  return [{ from: window?.until ?? newest.hole.firstAt, until: null, why: whyHole(newest.hole) }]
}

function whyBefore({ hole, begins }: HoledWindow): string {
  return hole
    ? whyHole(hole)
    : whyGap(begins === 'gap' || begins === 'trimmed' ? begins : 'history')
}

const whyHole = ({ sequence, hole }: BinlogSegment): string =>
  hole == null
    ? `segment ${sequence} of the archive cannot be read`
    : `the server did not log all that was changed: ${hole}`

/** What lies before a stretch that is not a source's first, in words. */
export function whyGap(begins: Stretch['begins']['reason']): string {
  return GAP[begins === 'first' ? 'history' : begins]
}

const GAP = {
  gap: 'the server had purged binary logs before they were archived',
  history:
    "the server's binary log became another one: it was reset, restored, or given another name",
  trimmed: 'retention had removed the log in between before it was copied here',
} as const
