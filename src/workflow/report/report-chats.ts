import { EcomdbError } from '#core/errors'
import type { Period } from '#domain/report/period'
import type { ChatsReport } from '#domain/report/shop-report'
import type { Engine } from '#engine/engine'
import type { ConnectOptions } from '#engine/session'

/**
 * `ecomdb report chats`: how many chats each representative handled in a period.
 *
 * @param representativeId all of them when null
 * @throws EcomdbError USAGE when there is no such representative
 */
export async function reportChats(
  { engine, connect }: { engine: Engine; connect: ConnectOptions },
  representativeId: string | null,
  period: Period,
): Promise<ChatsReport> {
  const session = await engine.connect(connect)
  try {
    const rows = await engine.shopReports.chatsHandled(session, representativeId, period)
    // The procedure has a row for everyone asked for, also for who handled no chat.
    if (representativeId !== null && rows.length === 0) throw unknown(representativeId)
    const totalChats = rows.reduce((sum, row) => sum + row.totalChats, 0)
    return { period, representativeId, rows, totalChats }
  } finally {
    await session.close()
  }
}

function unknown(representativeId: string): EcomdbError {
  return new EcomdbError('USAGE', {
    what: `there is no representative ${representativeId}`,
    why: 'support_members has no row with this support_member_id',
    hints: ['leave --representative out to see all of them with their ids'],
  })
}
