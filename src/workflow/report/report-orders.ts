import type { Period } from '#domain/report/period'
import type { OrdersReport } from '#domain/report/shop-report'
import type { Engine } from '#engine/engine'
import type { ConnectOptions } from '#engine/session'

/** `ecomdb report orders`: orders and revenue of a period. */
export async function reportOrders(
  { engine, connect }: { engine: Engine; connect: ConnectOptions },
  period: Period,
): Promise<OrdersReport> {
  const session = await engine.connect(connect)
  try {
    return { period, ...(await engine.shopReports.orderPerformance(session, period)) }
  } finally {
    await session.close()
  }
}
