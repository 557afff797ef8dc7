import type { Secret } from '#core/secret'
import type { Transaction } from '#domain/binlog/scanner'
import type { BinlogSegment } from '#domain/binlog/segment'
import { isAtLeast, type LogPlace } from '#domain/binlog/stretch'
import type { LogReplay } from '#engine/binlog'
import type { BinlogArchive } from '#repository/binlog-archive'
import type { ChosenStart } from './choose-snapshot.ts'
import { SegmentScan } from './scan-segment.ts'

/** What is replayed. */
export interface ReplaySpan {
  start: LogPlace
  stop: LogPlace
  /** With bytes between start and stop, in order; and the beginning of the first file. */
  segments: readonly BinlogSegment[]
  /** Segments of the first file from its beginning, as far as the tool reads them before `start`. */
  lead: readonly BinlogSegment[]
  transactions: number
  /** The last of them, where it could be seen. */
  last: Transaction | null
  /** GTIDs of all that the log has before `stop`; null where it does not tell. */
  gtids: string | null
}

/** The segments from a snapshot's place to a moment's, and how many transactions they are. */
export async function replaySpan(
  archive: BinlogArchive,
  { stretch, start, stop }: ChosenStart,
  identities: readonly Secret[],
  { readsBeforeStart }: Pick<LogReplay, 'readsBeforeStart'>,
): Promise<ReplaySpan> {
  const all = stretch.segments.filter(({ object }) => object !== null)
  const segments = all.filter(
    ({ file, from, to }) =>
      !isAtLeast(start, { file, offset: to }) && !isAtLeast({ file, offset: from }, stop),
  )
  const [first] = segments
  const before = all.filter(({ file, from }) => file === first?.file && from < first.from)
  const lead = readsBeforeStart ? before : before.slice(0, 1)
  const scan = new SegmentScan(archive, stretch, identities)
  let transactions = 0
  let last: Transaction | null = null
  /** The newest of those in the middle that has any. */
  let busy: BinlogSegment | null = null
  let gtids: string | null = null
  for (const segment of segments) {
    // Those in the middle are whole, and their envelopes say how many.
    if (segment !== first && segment !== segments.at(-1)) {
      transactions += segment.transactions
      if (segment.transactions > 0) busy = segment
      continue
    }
    const { file } = segment
    const scanned = await scan.scan(segment)
    const within = scanned.transactions.filter(
      one =>
        isAtLeast({ file, offset: one.from }, start) && isAtLeast(stop, { file, offset: one.to }),
    )
    transactions += within.length
    if (within.length === 0 && busy) last = (await scan.scan(busy)).transactions.at(-1) ?? last
    last = within.at(-1) ?? last
    gtids = scanned.historyAt(stop.file === file ? stop.offset : segment.to)
  }
  return { start, stop, segments, lead, transactions, last, gtids }
}
