import { countOf } from '#core/units'
import { serverErrorNumber } from '../../server-error.ts'
import type { Session } from '../../session.ts'
import { unlessRefused } from './unless-refused.ts'

/**
 * How many XA transactions are prepared, and neither committed nor rolled back. A snapshot of rows does not
 * have what they wrote, and the log has their XA PREPARE before its position, their XA COMMIT behind it: a
 * replay from there is refused (1397), and would lack the rows.
 *
 * @returns null where the account may not see them
 */
async function preparedTransactions(session: Session): Promise<number | null> {
  try {
    return (await session.rows('XA RECOVER')).length
  } catch (error) {
    if (serverErrorNumber(error) !== NO_XA_RECOVER_ADMIN) throw error
  }
  // Of no connection, as MySQL's are from their XA PREPARE on (xa_detach_on_prepare).
  const found = await unlessRefused(
    session.value(
      'SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = 0',
    ),
  )
  return found === null ? null : Number(found)
}

/**
 * The same for the proof, in which a step says so where it was not looked.
 *
 * @param steps of the proof, in words; one may be added
 */
export async function preparedAtPoint(session: Session, steps: string[]): Promise<number> {
  const prepared = await preparedTransactions(session)
  if (prepared === null && !steps.includes(NOT_SEEN)) steps.push(NOT_SEEN)
  return prepared ?? 0
}

const NOT_SEEN = 'prepared XA transactions: the account may not see them'

/** ER_XAER_RMERR: what MySQL says to an account without XA_RECOVER_ADMIN. */
const NO_XA_RECOVER_ADMIN = 1401

export function preparedFinding(count: number): string {
  return `${countOf(count, 'XA transaction')} prepared at the point, and neither committed nor rolled back: the rows are not in the snapshot, and no restore to a moment starts from it; \`XA RECOVER\` has the names for XA COMMIT or XA ROLLBACK, then run the backup again`
}
