import { EcomdbError } from '#core/errors'
import type { ChatsHandled } from '#domain/report/shop-report'
import { serverErrorNumber } from '../../server-error.ts'
import type { Session, SqlRow, SqlValue } from '../../session.ts'
import type { ShopReports } from '../../shop-reports.ts'

export const shopReports: ShopReports = {
  async orderPerformance(session, { from, to }) {
    const [row] = await call(session, 'order_performance', [from, to])
    return {
      totalOrders: Number(row?.['total_orders'] ?? 0),
      revenue: textOf(row?.['revenue']),
    }
  },

  async chatsHandled(session, representativeId, { from, to }): Promise<ChatsHandled[]> {
    const rows = await call(session, 'chats_handled', [representativeId, from, to])
    return rows.map(row => ({
      representativeId: textOf(row['representative_id']) ?? '',
      representative: textOf(row['representative_name']),
      totalChats: Number(row['total_chats']),
    }))
  },
}

function textOf(value: SqlRow[string] | undefined): string | null {
  return value === null || value === undefined ? null : String(value)
}

/** ER_SP_DOES_NOT_EXIST, the same on both engines. */
const NO_SUCH_PROCEDURE = 1305

/** @returns the rows of the first result set */
async function call(
  session: Session,
  procedure: 'order_performance' | 'chats_handled',
  values: readonly SqlValue[],
): Promise<SqlRow[]> {
  const marks = values.map(() => '?').join(', ')
  try {
    // A CALL gives its result sets one after another, and a status at the end.
    const results: unknown[] = await session.rows(`CALL ${procedure}(${marks})`, values)
    return Array.isArray(results[0]) ? results[0] : []
  } catch (error) {
    if (serverErrorNumber(error) !== NO_SUCH_PROCEDURE) throw error
    throw new EcomdbError('SCHEMA_MISSING', {
      what: `there is no procedure ${procedure} in the database ${session.options.database ?? ''}`,
      why: "the schema is older than the report, or is not the shop's",
      hints: ['run `ecomdb provision plan`, then `ecomdb provision apply`'],
      cause: error,
    })
  }
}
