import type { Seen, ServerChanges } from '#domain/audit/server-watch'
import { quoteQualified } from '../../quote.ts'
import { isNoSuchTable } from '../../server-error.ts'
import type { Session, SqlRow } from '../../session.ts'
import { ownStores } from '../own-store/own-store.ts'
import { writeEvent } from './event-statements.ts'

const inStore = (session: Session, table: string): string =>
  quoteQualified(ownStores.storeName(session, 'audit'), table)

/** What the sealer saw last; a trail that an older ecomdb made gets the table first. */
export async function readSeen(session: Session): Promise<Seen> {
  const query = `SELECT name AS name, content AS content FROM ${inStore(session, 'seen')}`
  const rows = await session.rows<SqlRow>(query).catch(async (error: unknown) => {
    if (!isNoSuchTable(error)) throw error
    await ownStores.ensureStore(session, 'audit')
    return await session.rows<SqlRow>(query)
  })
  return new Map(rows.map(({ name, content }) => [String(name), String(content)]))
}

/** Events and what is to be remembered, both or neither. */
export async function recordSeen(session: Session, { events, seen }: ServerChanges): Promise<void> {
  if (events.length === 0 && seen.size === 0) return
  await session.run('START TRANSACTION')
  try {
    for (const [name, content] of seen) {
      await (content === null
        ? session.run(`DELETE FROM ${inStore(session, 'seen')} WHERE name = ?`, [name])
        : session.run(`REPLACE INTO ${inStore(session, 'seen')} (name, content) VALUES (?, ?)`, [
            name,
            content,
          ]))
    }
    const store = ownStores.storeName(session, 'audit')
    for (const event of events) await writeEvent(session, store, event)
    await session.run('COMMIT')
  } catch (error) {
    await session.run('ROLLBACK').catch(() => {})
    throw error
  }
}
