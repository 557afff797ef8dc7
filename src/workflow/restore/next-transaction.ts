import { EcomdbError } from '#core/errors'
import type { Secret } from '#core/secret'
import type { Transaction } from '#domain/binlog/scanner'
import type { BinlogSegment } from '#domain/binlog/segment'
import { inOrder, type Stretch } from '#domain/binlog/stretch'
import { whyGap } from '#domain/binlog/window'
import type { BinlogArchive, RefusedStretch } from '#repository/binlog-archive'
import type { FoundMoment } from './find-moment.ts'
import { SegmentScan } from './scan-segment.ts'

/** The first transaction that does not belong to a moment. */
export interface NextTransaction {
  /** null when it is not known, or the archived log ends before it. */
  next: Transaction | null
  /** Why it is not known, in words; null where there is none. */
  nextUnknown: string | null
}

/**
 * Looks for it beyond the segment in which the moment is. A segment that cannot be read there is
 * in nobody's way: it is not restored.
 *
 * @param stretches all of the same server
 */
export async function nextTransaction(
  archive: BinlogArchive,
  { stretch, segment, next }: FoundMoment,
  { stretches, refused }: { stretches: readonly Stretch[]; refused: readonly RefusedStretch[] },
  identities: readonly Secret[],
): Promise<NextTransaction> {
  if (next) return { next, nextUnknown: null }
  const { segments, stretchId } = stretch
  const later = segments.slice(segments.indexOf(segment) + 1)
  const busy = later.find(({ transactions }) => transactions > 0)
  if (busy) return await firstIn(archive, stretch, busy, identities)
  const all = inOrder(stretches)
  const begins = all[all.indexOf(stretch) + 1]?.begins
  const broken = refused.find(({ name }) => name.endsWith(`/${stretchId}/`))
  if (broken && begins?.reason !== 'trimmed') return { next: null, nextUnknown: broken.why }
  return { next: null, nextUnknown: begins ? whyGap(begins.reason) : null }
}

async function firstIn(
  archive: BinlogArchive,
  stretch: Stretch,
  segment: BinlogSegment,
  identities: readonly Secret[],
): Promise<NextTransaction> {
  try {
    const { transactions } = await new SegmentScan(archive, stretch, identities).scan(segment)
    return { next: transactions[0] ?? null, nextUnknown: null }
  } catch (error) {
    if (!(error instanceof EcomdbError)) throw error
    return { next: null, nextUnknown: error.what }
  }
}
