import { hasNotCome } from '../has-not-come.ts'
import type { DrillRecord } from './drill-record.ts'

/**
 * When the newest of these drills had its turn, whatever came of it: one that fails each time would keep it for ever,
 * and nothing else would be drilled any more. One that has not come is none: a clock was wrong, and nobody would have
 * a turn until then.
 *
 * @returns '' where there was none
 */
export function newestTurn(drills: readonly Pick<DrillRecord, 'at'>[], now: Date): string {
  return drills.reduce((at, one) => (one.at > at && !hasNotCome(one.at, now) ? one.at : at), '')
}
