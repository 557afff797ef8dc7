import { quoteAccount, quoteQualified } from '../../quote.ts'
import type { Session } from '../../session.ts'

/** Tables that the procedures read. */
export const TRANSCRIPT_TABLES = ['users', 'support_members', 'chat_sessions', 'chat_messages']

/** What staff read chats through; the names are those of the trail's database. */
export const READ_PROCEDURES = ['chat_transcript', 'chats_handled'] as const

/**
 * Staff read chats through these alone: each says who read what and why before it gives anything
 * away. Its COMMIT keeps that, whatever transaction the reader has begun and would roll back.
 *
 * @returns none for those that are there, or when a table that they read is not audited
 */
export async function readProcedures(
  session: Session,
  database: string,
  store: string,
  tables: readonly string[],
): Promise<string[]> {
  if (!TRANSCRIPT_TABLES.every(table => tables.includes(table))) return []
  const there = await session.rows(
    'SELECT routine_name AS name FROM information_schema.routines WHERE routine_schema = ?',
    [store],
  )
  const shop = (table: string): string => quoteQualified(database, table)
  const bodies = { chat_transcript: chatTranscript(shop), chats_handled: chatsHandled(shop) }
  return READ_PROCEDURES.filter(name => !there.some(row => row['name'] === name)).map(name =>
    procedureSql(store, name, bodies[name]),
  )
}

interface Reading {
  /** Before the reason. */
  parameters: string
  comment: string
  /** The event's row_key, and what its JSON says before the reason. */
  key: string
  detail: string
  select: string
}

function procedureSql(store: string, name: string, reading: Reading): string {
  const { parameters, comment, key, detail, select } = reading
  return `CREATE DEFINER = ${quoteAccount(store, 'localhost')} PROCEDURE ${quoteQualified(store, name)}(
  ${parameters}, IN why VARCHAR(500) CHARACTER SET utf8mb4
)
  MODIFIES SQL DATA SQL SECURITY DEFINER
  COMMENT 'ecomdb: ${comment}; who reads it, and why, is written down first'
BEGIN
  IF CHAR_LENGTH(TRIM(COALESCE(why, ''))) < 4 THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ecomdb: say why you read this chat';
  END IF;
  COMMIT;
  START TRANSACTION READ WRITE;
  INSERT INTO ${quoteQualified(store, 'event')} (at, kind, layout_id, row_key, account, connection_id, detail)
  VALUES (UTC_TIMESTAMP(6), 'R', 0, ${key}, USER(), CONNECTION_ID(),
    JSON_OBJECT('read', '${name}', ${detail}, 'reason', why));
  COMMIT;
  ${select};
END`
}

function chatTranscript(shop: (table: string) => string): Reading {
  return {
    parameters: 'IN chat BIGINT',
    comment: 'what was said in a chat',
    key: "CONCAT(LENGTH(chat), ':', chat)",
    detail: "'chat', CONCAT(chat)",
    select: `SELECT m.chat_message_id, m.created_at,
    IF(m.user_id IS NULL, 'support', 'customer') AS author,
    IF(m.user_id IS NULL, CONCAT_WS(' ', s.first_name, s.last_name), CONCAT_WS(' ', u.first_name, u.last_name)) AS author_name,
    m.message_text
  FROM ${shop('chat_messages')} AS m
  LEFT JOIN ${shop('users')} AS u ON u.user_id = m.user_id
  LEFT JOIN ${shop('support_members')} AS s ON s.support_member_id = m.support_member_id
  WHERE m.chat_session_id = chat
  ORDER BY m.created_at, m.chat_message_id`,
  }
}

/** As the shop's own chats_handled: a row for each that there is, also without a chat. */
function chatsHandled(shop: (table: string) => string): Reading {
  const name = "CONCAT_WS(' ', s.first_name, s.last_name)"
  return {
    parameters: 'IN representative BIGINT, IN first_day DATE, IN last_day DATE',
    comment: 'chats that each representative handled',
    key: "COALESCE(CONCAT(LENGTH(representative), ':', representative), '')",
    detail:
      "'representative', CONCAT(representative), 'from', CONCAT(first_day), 'to', CONCAT(last_day)",
    select: `SELECT s.support_member_id AS representative_id, ${name} AS representative_name,
    COUNT(c.chat_session_id) AS total_chats
  FROM ${shop('support_members')} AS s
  LEFT JOIN ${shop('chat_sessions')} AS c ON c.support_member_id = s.support_member_id
    AND c.created_at >= first_day AND c.created_at < last_day + INTERVAL 1 DAY
  WHERE representative IS NULL OR s.support_member_id = representative
  GROUP BY s.support_member_id, s.first_name, s.last_name
  ORDER BY s.support_member_id`,
  }
}
