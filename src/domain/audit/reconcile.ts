import { commitment, valueEncoding } from './canonical.ts'
import type { AuditEvent, Layout } from './event.ts'
import { type Finding, type FindingKind, finding } from './finding.ts'
import { safeKeyText } from './listed-event.ts'

/** What the newest event of a row says of it. */
export interface LatestEvent extends Pick<AuditEvent, 'id' | 'at' | 'layout' | 'after' | 'salt'> {
  /** Deleted, or its key was changed. */
  gone: boolean
  batch: number | null
}

/**
 * Is a live row what its newest event says, or what is wrong with it?
 *
 * @param placeOf asked for only where something is wrong
 * @param row the live row's canonical bytes by the event's layout; null: there is no such row;
 *   'unknown': the table lacks a column of the layout
 * @param now when the rows were read
 */
export function judgeRow(
  placeOf: () => { table: string; key: Buffer },
  latest: LatestEvent | null,
  row: Buffer | null | 'unknown',
  now: string,
): Finding | null {
  const wrong = wrongWith(latest, row)
  if (!wrong) return null
  const { table, key } = placeOf()
  const [kind, detail] = wrong
  const event = { event: latest?.id ?? null, batch: latest?.batch ?? null }
  const known = { table, row: safeKeyText(key), ...event, from: latest?.at ?? null, to: now }
  return finding(kind, detail, known)
}

function wrongWith(
  latest: LatestEvent | null,
  row: Buffer | null | 'unknown',
): [FindingKind, string] | null {
  if (!latest) return ['INSERTED', 'the row is there, and no event says so']
  const { id, gone, salt, after } = latest
  if (row === null) {
    return gone ? null : ['DELETED', `the row is gone, and no event after ${id} says so`]
  }
  if (gone) return ['INSERTED', `the row is there, and event ${id} removed it`]
  if (row === 'unknown') return ['EDITED', `the table lacks a column that event ${id} had`]
  if (!salt || !after) return ['EDITED', `event ${id} has lost its salt without an erasure`]
  if (commitment(salt, row).equals(after)) return null
  return ['EDITED', `the row is not what event ${id} says`]
}

/** The columns that are read of a table's rows: those of all its layouts, each value once. */
export function columnsToRead(layouts: readonly Layout[]): Layout['columns'] {
  const columns = new Map(
    layouts.flatMap(layout => [
      ...layout.columns.map(
        column => [`${valueEncoding(column.encoding)} ${column.name}`, column] as const,
      ),
    ]),
  )
  return [...columns.values()]
}
