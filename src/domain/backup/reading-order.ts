const DAY_MS = 86_400_000

interface Waiting {
  estimate: { bytes: number }
  /** e.g. "2026-11-20 23:09:42", UTC; null where the server does not know. */
  createdAt: string | null
}

/**
 * In which order tables are read. Those of the last day first: a job that fills them anew (TRUNCATE, DROP and CREATE, RENAME)
 * will come again, and does no harm behind their last row. Then the largest first, so that the readers end together.
 *
 * @param at of the backup, ISO 8601
 */
export function readingOrder<Table extends Waiting>(tables: readonly Table[], at: string): Table[] {
  const young = Date.parse(at) - DAY_MS
  const isYoung = ({ createdAt }: Table): boolean =>
    createdAt !== null && Date.parse(`${createdAt.replace(' ', 'T')}Z`) > young
  return tables.toSorted(
    (a, b) => Number(isYoung(b)) - Number(isYoung(a)) || b.estimate.bytes - a.estimate.bytes,
  )
}
