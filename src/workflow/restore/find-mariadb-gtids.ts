import { growth, numberedAs, parseHistory } from '#domain/binlog/gtid-history'
import type { BinlogSegment } from '#domain/binlog/segment'
import type { Stretch } from '#domain/binlog/stretch'
import type { ScannedSegment, SegmentScan } from './scan-segment.ts'

/** A transaction by its number among those of its segment. */
export interface TransactionPlace extends ScannedSegment {
  index: number
}

/**
 * The last of these transactions in the order of the log. MariaDB's numbers need not be in that order (without
 * gtid_strict_mode, where a session sets gtid_seq_no, or one domain has two sources), and some may be left
 * out: that the log has come to a larger number does not say that a transaction is there. So each is looked for.
 *
 * @param before what counts as found where the log begins behind it
 * @returns null where one is not in the stretch, or none of them is a place in it
 */
export async function findMariadbGtids(
  scan: SegmentScan,
  { segments }: Stretch,
  wanted: readonly string[],
  before = '',
): Promise<TransactionPlace | null> {
  const had = parseHistory('mariadb', before)
  let last: BinlogSegment | null = null
  for (const gtid of wanted) {
    const found = await segmentOf(scan, segments, gtid)
    if (!found && !had.covers(gtid)) return null
    if (found && (!last || found.sequence > last.sequence)) last = found
  }
  const scanned = last && (await scan.scan(last))
  const index = scanned ? lastIn(scanned, wanted) : -1
  return scanned && index >= 0 ? { ...scanned, index } : null
}

async function segmentOf(
  scan: SegmentScan,
  segments: readonly BinlogSegment[],
  gtid: string,
): Promise<BinlogSegment | null> {
  const busy = segments.filter(({ transactions }) => transactions > 0)
  const likely = busy.filter(one => isBetween(one, gtid))
  const others = busy.filter(one => !isInOrder(one) && !likely.includes(one))
  for (const segment of [...likely, ...others]) {
    if (isInOrder(segment)) return segment
    if (lastIn(await scan.scan(segment), [gtid]) >= 0) return segment
  }
  return null
}

const lastIn = ({ transactions }: ScannedSegment, wanted: readonly string[]): number =>
  transactions.findLastIndex(({ gtid }) => gtid !== null && wanted.includes(gtid))

/** Numbers went up by as many as there are transactions: none is left out, and none is hidden. */
const isInOrder = (segment: BinlogSegment): boolean =>
  growth(segment) === BigInt(segment.transactions)

function isBetween({ gtidsBefore, gtidsAfter }: BinlogSegment, gtid: string): boolean {
  const has = (gtids: string): boolean => parseHistory('mariadb', gtids).covers(gtid)
  return has(gtidsAfter) && !has(gtidsBefore)
}

/** The GTIDs of a set, as the log has them. @throws EcomdbError USAGE */
export function gtidsOf(set: string): string[] {
  return set
    .split(',')
    .filter(part => part.trim() !== '')
    .map(numberedAs)
}
