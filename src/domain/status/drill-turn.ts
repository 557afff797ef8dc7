import { hasNotCome } from '../has-not-come.ts'
import type { DrillRecord } from './drill-record.ts'

/**
 * A drill that was begun, whatever came of it. One that fails each time would keep the turn for ever if only those
 * that passed counted, and nothing else would be drilled any more.
 */
export interface DrillAttempt {
  /** null: the copy that backups go to. */
  copyId: string | null
  /** null: not known. */
  sourceId: string | null
  method: string | null
  /** ISO 8601, UTC. */
  at: string
}

/** Those of a place that count for its turn: the signed ones, and what this host knows of those that left nothing. */
export function attemptsAt(
  copyId: string | null,
  signed: readonly DrillRecord[],
  noted: readonly DrillAttempt[],
): DrillAttempt[] {
  return [...signed, ...noted].filter(one => one.copyId === copyId)
}

/** '' where there was none. One that has not come is none: a clock was wrong, and nobody would have a turn until then. */
export function newestAttempt(attempts: readonly Pick<DrillAttempt, 'at'>[], now: Date): string {
  return attempts.reduce((at, one) => (one.at > at && !hasNotCome(one.at, now) ? one.at : at), '')
}

/** The same, with one more: of each server and method of a place the newest is enough. */
export function withAttempt(
  noted: readonly DrillAttempt[],
  attempt: DrillAttempt,
): readonly DrillAttempt[] {
  const isSame = ({ copyId, sourceId, method }: DrillAttempt): boolean =>
    copyId === attempt.copyId && sourceId === attempt.sourceId && method === attempt.method
  return [...noted.filter(one => !isSame(one)), attempt]
}
