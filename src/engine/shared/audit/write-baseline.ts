import type { Layout } from '#domain/audit/event'
import { quoteIdentifier, quoteQualified } from '../../quote.ts'
import type { Session, SqlValue } from '../../session.ts'
import { observeTable } from './observe-tables.ts'
import { placeOf, quotePlace } from './table-place.ts'
import { baselineSql, type LiveLayout } from './trigger-statements.ts'

/** Rows of one statement: it locks them against writers while it runs. */
const PIECE = 5_000

/**
 * Writes every row down as it is, piece by piece along the primary key. Each piece reads the
 * newest rows under a lock: a row that is changed at the same time is written down after that.
 */
export async function writeBaseline(
  session: Session,
  database: string,
  store: string,
  layout: Layout,
): Promise<number> {
  const place = placeOf(session, database, layout.table)
  const { columns, key } = await observeTable(session, place, layout.table)
  const live: LiveLayout = { ...layout, columns, key }
  const names = key.map(({ name }) => quoteIdentifier(name))
  let rows = 0
  let from: SqlValue[] | null = null
  for (;;) {
    const after = from ? ` WHERE ${beyond(names, '>')}` : ''
    const order = ` ORDER BY ${names.join(', ')} LIMIT 1 OFFSET ${PIECE - 1}`
    const [last]: Record<string, SqlValue>[] = (await session.rows(
      `SELECT ${names.join(', ')} FROM ${quotePlace(place)}${after}${order}`,
      from ? beyondValues(from) : [],
    )) as Record<string, SqlValue>[]
    const to: SqlValue[] | null = last ? Object.values(last) : null
    const parts = [
      ...(from ? [beyond(names, '>')] : []),
      ...(to ? [`NOT ${beyond(names, '>')}`] : []),
    ]
    const range = parts.length ? ` WHERE ${parts.join(' AND ')}` : ''
    const { affectedRows } = await session.run(baselineSql(place, store, live, range), [
      ...(from ? beyondValues(from) : []),
      ...(to ? beyondValues(to) : []),
    ])
    rows += affectedRows
    if (!to) break
    from = to
  }
  await session.run(
    `UPDATE ${quoteQualified(store, 'audited_table')} SET baseline_done_at = UTC_TIMESTAMP(6) WHERE table_name = ?`,
    [layout.table],
  )
  return rows
}

/** (a > ?) OR (a = ? AND b > ?): row constructors would not use the index. */
function beyond(names: readonly string[], comparison: '>'): string {
  const parts = names.map((name, at) => {
    const equal = names.slice(0, at).map(other => `${other} = ?`)
    return `(${[...equal, `${name} ${comparison} ?`].join(' AND ')})`
  })
  return `(${parts.join(' OR ')})`
}

function beyondValues(key: readonly SqlValue[]): SqlValue[] {
  return key.flatMap((_, at) => key.slice(0, at + 1))
}
