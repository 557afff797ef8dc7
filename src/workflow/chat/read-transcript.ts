import { EcomdbError } from '#core/errors'
import type { TranscriptLine } from '#domain/audit/audit-report'
import type { Engine } from '#engine/engine'
import type { ConnectOptions } from '#engine/session'
import { requireReason } from './handled-chats.ts'

/**
 * `ecomdb chat transcript`: what was said in a chat. Who read it, and why, is in the trail before
 * the first line is given.
 *
 * @throws EcomdbError USAGE when the chat is no number; SCHEMA_MISSING, PRIVILEGE_MISSING
 */
export async function readTranscript(
  { engine, connect }: { engine: Engine; connect: ConnectOptions },
  chat: string,
  reason: string,
): Promise<{ chat: string; reason: string; lines: TranscriptLine[] }> {
  requireReason(reason)
  if (!/^[1-9]\d{0,18}$/.test(chat)) {
    throw new EcomdbError('USAGE', {
      what: 'a transcript needs the number of a chat',
      hints: ['for example: `ecomdb chat transcript 17 --reason ticket-4711`'],
    })
  }
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const lines = await engine.auditTrail.readTranscript(session, chat, reason)
    return { chat, reason, lines }
  } finally {
    await session.close()
  }
}
