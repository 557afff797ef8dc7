import { EcomdbError } from '#core/errors'
import type { Period } from '#domain/report/period'
import type { ChatsReport } from '#domain/report/shop-report'
import type { Engine } from '#engine/engine'
import type { ConnectOptions } from '#engine/session'

/**
 * `ecomdb chat handled`: how many chats each representative handled. Who asked, and why, is in the
 * trail before the first line is given.
 *
 * @param representativeId all of them when null
 * @throws EcomdbError USAGE for a reason that is none; SCHEMA_MISSING, PRIVILEGE_MISSING
 */
export async function handledChats(
  { engine, connect }: { engine: Engine; connect: ConnectOptions },
  representativeId: string | null,
  period: Period,
  reason: string,
): Promise<ChatsReport & { reason: string }> {
  requireReason(reason)
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const rows = await engine.auditTrail.readChatsHandled(session, representativeId, period, reason)
    const totalChats = rows.reduce((sum, row) => sum + row.totalChats, 0)
    return { period, representativeId, reason, rows, totalChats }
  } finally {
    await session.close()
  }
}

/** @throws EcomdbError USAGE */
export function requireReason(reason: string): void {
  if (reason.trim().length >= 4) return
  throw new EcomdbError('USAGE', {
    what: 'a reason has four letters or more',
    hints: ['say why, for whoever audits it: --reason ticket-4711'],
  })
}
