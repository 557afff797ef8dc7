import { activeLeases, dueLeases, type Lease } from './lease.ts'
import type { DeadMan } from './lease-report.ts'

/** A role that a person holds by a grant. */
export interface OpenGrant
  extends Pick<
    Lease,
    'grantId' | 'person' | 'role' | 'reason' | 'breakGlass' | 'startsAt' | 'endsAt'
  > {
  /** Its time is over, and nothing has ended it. */
  overdue: boolean
}

/** `ecomdb access grants`. */
export interface OpenGrants {
  /** ISO 8601, UTC. */
  at: string
  /** Those that end first, first; then those without an end. */
  grants: readonly OpenGrant[]
  overdue: number
  /** Of those that are not overdue: how many nobody approved, in an emergency. */
  breakGlass: number
  /** Of those that are not overdue: how many end within a week. */
  endingSoon: number
  /** ISO 8601, UTC; null: none has an end that is still to come. */
  nextEndAt: string | null
  deadMan: DeadMan
}

/** `ecomdb access expire` runs each minute, and the event in the server two minutes after the end. */
const TOLERATED_MS = 5 * 60_000
const SOON_MS = 7 * 86_400_000

/** Pure: the grants that nobody has ended. */
export function openGrants(leases: readonly Lease[], deadMan: DeadMan, now: Date): OpenGrants {
  const open = [...activeLeases(leases, now), ...dueLeases(leases, now)]
  const until = ({ endsAt }: Lease): number =>
    endsAt === null ? Number.POSITIVE_INFINITY : Date.parse(endsAt)
  const grants = open
    .toSorted((a, b) => (until(a) === until(b) ? a.grantId - b.grantId : until(a) - until(b)))
    .map(lease => {
      const { grantId, person, role, reason, breakGlass, startsAt, endsAt } = lease
      const overdue = now.getTime() - until(lease) > TOLERATED_MS
      return { grantId, person, role, reason, breakGlass, startsAt, endsAt, overdue }
    })
  const held = grants.filter(({ overdue }) => !overdue)
  const nowText = now.toISOString()
  const soon = new Date(now.getTime() + SOON_MS).toISOString()
  return {
    at: nowText,
    grants,
    overdue: grants.length - held.length,
    breakGlass: held.filter(one => one.breakGlass).length,
    endingSoon: held.filter(({ endsAt }) => endsAt !== null && endsAt <= soon).length,
    nextEndAt: held.find(({ endsAt }) => endsAt !== null && endsAt > nowText)?.endsAt ?? null,
    deadMan,
  }
}
