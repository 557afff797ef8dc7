import type { AuditEvent, EventKind } from '#domain/audit/event'
import type { EventQuery } from '#domain/audit/listed-event'
import type { RawEventCount } from '../../audit-trail.ts'
import { quoteQualified } from '../../quote.ts'
import { orNone } from '../../server-error.ts'
import type { Session, SqlRow, SqlValue } from '../../session.ts'
import { ownStores } from '../own-store/own-store.ts'
import { EVENT_COLUMNS, eventOf } from './audit-reader.ts'

/** The newest events that a query lets through, newest first. */
export async function newestEvents(session: Session, query: EventQuery): Promise<AuditEvent[]> {
  const { layouts, key, actors, kinds, since, until, limit } = query
  const parts: { sql: string; values: readonly SqlValue[] }[] = []
  const marks = (list: readonly unknown[]): string => list.map(() => '?').join(', ')
  if (layouts) parts.push({ sql: `layout_id IN (${marks(layouts)})`, values: layouts })
  if (key) parts.push({ sql: '(row_key = ? OR old_key = ?)', values: [key, key] })
  if (actors) {
    // USER() is USER@HOST, and a user may have an @ in it.
    const user =
      "SUBSTRING(account, 1, LENGTH(account) - LENGTH(SUBSTRING_INDEX(account, '@', -1)) - 1)"
    const sql = `(account IN (${marks(actors)}) OR ${user} IN (${marks(actors)}))`
    parts.push({ sql, values: [...actors, ...actors] })
  }
  if (kinds) parts.push({ sql: `kind IN (${marks(kinds)})`, values: kinds })
  if (since) parts.push({ sql: 'at >= ?', values: [since] })
  if (until) parts.push({ sql: 'at < ?', values: [until] })
  const where = parts.length ? `WHERE ${parts.map(({ sql }) => sql).join(' AND ')}` : ''
  const table = quoteQualified(ownStores.storeName(session, 'audit'), 'event')
  const rows = await session.rows<SqlRow>(
    `SELECT ${EVENT_COLUMNS} FROM ${table} ${where} ORDER BY event_id DESC LIMIT ${limit}`,
    parts.flatMap(({ values }) => values),
  )
  return rows.map(row => eventOf(Object.values(row)))
}

/** How many events of each day, kind, layout and account; `until` is not included. */
export async function countEvents(
  session: Session,
  since: string,
  until: string,
): Promise<RawEventCount[]> {
  const table = quoteQualified(ownStores.storeName(session, 'audit'), 'event')
  const rows = await session.rows<SqlRow>(
    `SELECT DATE_FORMAT(at, '%Y-%m-%d') AS day, kind AS kind, layout_id AS layout, account AS account, COUNT(*) AS events
     FROM ${table} WHERE at >= ? AND at < ? GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`,
    [since, until],
  )
  return rows.map(row => ({
    day: String(row['day']),
    kind: String(row['kind']) as EventKind,
    layout: Number(row['layout']),
    account: String(row['account']),
    events: Number(row['events']),
  }))
}

/** The person behind each of these users, where the access store knows one. */
export async function personsOf(
  session: Session,
  users: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (users.length === 0) return new Map()
  const marks = users.map(() => '?').join(', ')
  const rows = await fromAccounts(session, ({ user }) => `${user} IN (${marks})`, [
    ...users,
    ...users,
  ])
  return new Map(rows.map(({ user, person }) => [user, person]))
}

/** The users that a person has or had. */
export async function usersOf(session: Session, person: string): Promise<string[]> {
  const rows = await fromAccounts(session, () => 'person = ?', [person, person])
  return rows.map(({ user }) => user)
}

async function fromAccounts(
  session: Session,
  where: (columns: { user: string }) => string,
  values: readonly SqlValue[],
): Promise<{ user: string; person: string }[]> {
  const store = ownStores.storeName(session, 'access')
  const part = (table: string, user: string): string =>
    `SELECT ${user} AS user_name, person AS person FROM ${quoteQualified(store, table)}
     WHERE person IS NOT NULL AND ${where({ user })}`
  const rows = await orNone(
    session.rows<SqlRow>(
      `${part('account', 'account_user')} UNION ${part('session_account', 'session_user')}`,
      values,
    ),
  )
  return rows.map(row => ({ user: String(row['user_name']), person: String(row['person']) }))
}
