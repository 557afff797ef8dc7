import type { Period } from '#domain/report/period'
import type { ChatsHandled, OrderPerformance } from '#domain/report/shop-report'
import type { Session } from './session.ts'

/**
 * The shop's procedures, called as staff may call them: EXECUTE is all that they need, and
 * no table is read around them. The session's database is the shop's.
 */
export interface ShopReports {
  /** @throws EcomdbError SCHEMA_MISSING, PRIVILEGE_MISSING */
  orderPerformance(session: Session, period: Period): Promise<OrderPerformance>
  /**
   * @param representativeId all of them when null
   * @returns a row for each that there is, also without a chat
   * @throws EcomdbError SCHEMA_MISSING, PRIVILEGE_MISSING
   */
  chatsHandled(
    session: Session,
    representativeId: string | null,
    period: Period,
  ): Promise<ChatsHandled[]>
}
