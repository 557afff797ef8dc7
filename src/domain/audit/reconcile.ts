import { commitment, type Field, keyText } from './canonical.ts'
import type { AuditEvent, Layout } from './event.ts'
import { type Finding, finding } from './finding.ts'

/** What the newest event of a row says of it. */
export interface LatestEvent extends Pick<AuditEvent, 'id' | 'at' | 'layout' | 'after' | 'salt'> {
  /** Deleted, or its key was changed. */
  gone: boolean
  batch: number | null
}

/**
 * Is a live row what its newest event says, or what is wrong with it?
 *
 * @param row the live row's fields for the event's layout; null: there is no such row;
 *   'unknown': the table lacks a column of the layout
 * @param now when the rows were read
 */
export function judgeRow(
  place: { table: string; key: Buffer },
  latest: LatestEvent | null,
  row: readonly Field[] | null | 'unknown',
  now: string,
): Finding | null {
  const known = {
    table: place.table,
    row: keyText(place.key),
    event: latest?.id ?? null,
    batch: latest?.batch ?? null,
    from: latest?.at ?? null,
    to: now,
  }
  if (!latest) return finding('INSERTED', 'the row is there, and no event says so', known)
  if (row === null) {
    if (latest.gone) return null
    return finding('DELETED', `the row is gone, and no event after ${latest.id} says so`, known)
  }
  if (latest.gone) {
    return finding('INSERTED', `the row is there, and event ${latest.id} removed it`, known)
  }
  if (row === 'unknown') {
    return finding('EDITED', `the table lacks a column that event ${latest.id} had`, known)
  }
  if (!latest.salt || !latest.after) {
    return finding('EDITED', `event ${latest.id} has lost its salt without an erasure`, known)
  }
  if (commitment(latest.salt, row).equals(latest.after)) return null
  return finding('EDITED', `the row is not what event ${latest.id} says`, known)
}

/** The columns that are read of a table's rows: those of all its layouts, each once. */
export function columnsToRead(layouts: readonly Layout[]): Layout['columns'] {
  const columns = new Map(
    layouts.flatMap(layout => [
      ...layout.columns.map(column => [`${column.encoding} ${column.name}`, column] as const),
    ]),
  )
  return [...columns.values()]
}
