import { frameTexts } from '#domain/audit/canonical'
import type { EventKind } from '#domain/audit/event'
import type { IdRange } from '#domain/audit/id-ranges'
import { quoteQualified } from '../../quote.ts'
import type { Session } from '../../session.ts'

/** Ids and ranges of one statement: it locks them, and a replica runs it in one piece. */
const IDS = 5_000
const RANGES = 400

/** An event that is of no row, by this session. @param subject text of the key's only field; empty: none */
export async function writeEvent(
  session: Session,
  store: string,
  { kind, subject, detail }: { kind: EventKind; subject: string; detail: object },
): Promise<void> {
  await session.run(
    `INSERT INTO ${quoteQualified(store, 'event')} (at, kind, layout_id, row_key, account, connection_id, detail)
     VALUES (UTC_TIMESTAMP(6), ?, 0, ?, USER(), CONNECTION_ID(), ?)`,
    [kind, subject === '' ? '' : frameTexts([subject]), JSON.stringify(detail)],
  )
}

/** Conditions for statements on events, together for all of these ids, so that none is long. */
export function* whereIds(ranges: readonly IdRange[]): Iterable<string> {
  for (const piece of pieces(ranges)) {
    yield piece.map(([from, to]) => `event_id BETWEEN ${from} AND ${to}`).join(' OR ')
  }
}

/** Ranges cut so that no statement is long. */
function* pieces(ranges: readonly IdRange[]): Iterable<IdRange[]> {
  let piece: IdRange[] = []
  let ids = 0
  for (const [first, last] of ranges) {
    for (let from = first; from <= last; from += IDS) {
      const to = Math.min(last, from + IDS - 1)
      if (piece.length > 0 && (ids + to - from + 1 > IDS || piece.length === RANGES)) {
        yield piece
        piece = []
        ids = 0
      }
      piece.push([from, to])
      ids += to - from + 1
    }
  }
  if (piece.length > 0) yield piece
}
