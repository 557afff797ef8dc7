import { quoteAccount, quoteQualified } from '../../quote.ts'
import type { Session } from '../../session.ts'

/** Tables that the transcript reads. */
export const TRANSCRIPT_TABLES = ['users', 'support_members', 'chat_sessions', 'chat_messages']

/**
 * Staff read a chat through this alone: it says who read what and why before it gives anything
 * away. Its COMMIT keeps that, whatever transaction the reader has begun and would roll back.
 *
 * @returns none when it is there, or a table that it reads is not audited
 */
export async function transcriptStatements(
  session: Session,
  database: string,
  store: string,
  tables: readonly string[],
): Promise<string[]> {
  if (!TRANSCRIPT_TABLES.every(table => tables.includes(table))) return []
  const there = await session.value(
    `SELECT 1 FROM information_schema.routines
     WHERE routine_schema = ? AND routine_name = 'chat_transcript'`,
    [store],
  )
  if (there !== null) return []
  const shop = (table: string): string => quoteQualified(database, table)
  return [
    `CREATE DEFINER = ${quoteAccount(store, 'localhost')} PROCEDURE ${quoteQualified(store, 'chat_transcript')}(
  IN chat BIGINT, IN why VARCHAR(500) CHARACTER SET utf8mb4
)
  MODIFIES SQL DATA SQL SECURITY DEFINER
  COMMENT 'ecomdb: what was said in a chat; who reads it, and why, is written down first'
BEGIN
  IF CHAR_LENGTH(TRIM(COALESCE(why, ''))) < 4 THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ecomdb: say why you read this chat';
  END IF;
  COMMIT;
  START TRANSACTION READ WRITE;
  INSERT INTO ${quoteQualified(store, 'event')} (at, kind, layout_id, row_key, account, connection_id, detail)
  VALUES (UTC_TIMESTAMP(6), 'R', 0, CONCAT(LENGTH(chat), ':', chat), USER(), CONNECTION_ID(),
    JSON_OBJECT('read', 'chat_transcript', 'chat', CONCAT(chat), 'reason', why));
  COMMIT;
  SELECT m.chat_message_id, m.created_at,
    IF(m.user_id IS NULL, 'support', 'customer') AS author,
    IF(m.user_id IS NULL, CONCAT_WS(' ', s.first_name, s.last_name), CONCAT_WS(' ', u.first_name, u.last_name)) AS author_name,
    m.message_text
  FROM ${shop('chat_messages')} AS m
  LEFT JOIN ${shop('users')} AS u ON u.user_id = m.user_id
  LEFT JOIN ${shop('support_members')} AS s ON s.support_member_id = m.support_member_id
  WHERE m.chat_session_id = chat
  ORDER BY m.created_at, m.chat_message_id;
END`,
  ]
}
