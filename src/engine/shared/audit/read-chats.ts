import { EcomdbError } from '#core/errors'
import type { TranscriptLine } from '#domain/audit/audit-report'
import type { Period } from '#domain/report/period'
import type { ChatsHandled } from '#domain/report/shop-report'
import { quoteQualified } from '../../quote.ts'
import { serverErrorNumber } from '../../server-error.ts'
import type { Session, SqlRow, SqlValue } from '../../session.ts'
import { ownStores } from '../own-store/own-store.ts'
import type { READ_PROCEDURES } from './read-procedures.ts'

export async function readTranscript(
  session: Session,
  chat: string,
  reason: string,
): Promise<TranscriptLine[]> {
  const rows = await call(session, 'chat_transcript', [chat, reason])
  return rows.map(row => ({
    messageId: String(row['chat_message_id']),
    at: String(row['created_at']),
    author: row['author'] === 'support' ? 'support' : 'customer',
    name: String(row['author_name'] ?? ''),
    text: row['message_text'] === null ? null : String(row['message_text']),
  }))
}

export async function readChatsHandled(
  session: Session,
  representativeId: string | null,
  { from, to }: Period,
  reason: string,
): Promise<ChatsHandled[]> {
  const rows = await call(session, 'chats_handled', [representativeId, from, to, reason])
  return rows.map(row => ({
    representativeId: String(row['representative_id']),
    representative: row['representative_name'] === null ? null : String(row['representative_name']),
    totalChats: Number(row['total_chats']),
  }))
}

/** ER_SP_DOES_NOT_EXIST, and a database that is not there; the same on both engines. */
const NO_PROCEDURE = new Set([1305, 1049])

/** @returns the rows of the first result set */
async function call(
  session: Session,
  name: (typeof READ_PROCEDURES)[number],
  values: readonly SqlValue[],
): Promise<SqlRow[]> {
  const procedure = quoteQualified(ownStores.storeName(session, 'audit'), name)
  try {
    const marks = values.map(() => '?').join(', ')
    const results: unknown[] = await session.rows(`CALL ${procedure}(${marks})`, values)
    return Array.isArray(results[0]) ? (results[0] as SqlRow[]) : []
  } catch (error) {
    if (!NO_PROCEDURE.has(serverErrorNumber(error) ?? 0)) throw error
    throw new EcomdbError('SCHEMA_MISSING', {
      what: 'chats cannot be read: there is no procedure that records who reads them',
      hints: ['an administrator makes it with `ecomdb audit install`'],
      cause: error,
    })
  }
}
