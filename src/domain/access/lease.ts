/** A role that a person holds, or held: a row of role_grant. Times are ISO 8601, UTC. */
export interface Lease {
  grantId: number
  person: string
  role: string
  reason: string
  ticket: string | null
  approver: string | null
  /** Taken in an emergency: nobody approved it. */
  breakGlass: boolean
  grantedBy: string
  startsAt: string
  /** null: until it is revoked. */
  endsAt: string | null
  /** null: it has not been ended, though its time may be over. */
  endedAt: string | null
  endedBy: string | null
  endReason: string | null
}

/** What is asked for. */
export interface LeaseRequest {
  person: string
  role: string
  reason: string
  ticket: string | null
  approver: string | null
  breakGlass: boolean
  endsAt: Date | null
}

/** active: held. due: its time is over, and nobody has ended it yet. ended: it is over. */
export type LeaseState = 'active' | 'due' | 'ended'

export function leaseState({ endsAt, endedAt }: Lease, now: Date): LeaseState {
  if (endedAt !== null) return 'ended'
  return endsAt !== null && Date.parse(endsAt) <= now.getTime() ? 'due' : 'active'
}

export function dueLeases(leases: readonly Lease[], now: Date): Lease[] {
  return leases.filter(lease => leaseState(lease, now) === 'due')
}

/** Leases by which a person holds a role at that time. */
export function activeLeases(leases: readonly Lease[], now: Date): Lease[] {
  return leases.filter(lease => leaseState(lease, now) === 'active')
}

/**
 * The roles to take away when leases end: not one that another lease still gives to the same
 * person.
 */
export function rolesToTake(
  ending: readonly Lease[],
  leases: readonly Lease[],
  now: Date,
): { person: string; role: string }[] {
  const stays = activeLeases(leases, now).filter(
    lease => !ending.some(({ grantId }) => grantId === lease.grantId),
  )
  const taken = ending.filter(
    ({ person, role }) => !stays.some(lease => lease.person === person && lease.role === role),
  )
  const unique = new Map(taken.map(({ person, role }) => [`${person} ${role}`, { person, role }]))
  return [...unique.values()]
}

/**
 * What a request adds to what a person holds. The same role for as long, or for longer, needs
 * no new lease: a command that is run twice does one thing. A different end, or an approval of
 * what was taken in an emergency, is a new lease, in whose favour the old one ends: the list shows both.
 */
export function decideGrant(
  request: LeaseRequest,
  leases: readonly Lease[],
  now: Date,
): { kind: 'held'; lease: Lease } | { kind: 'new'; replaces: Lease[] } {
  const held = activeLeases(leases, now).filter(
    ({ person, role }) => person === request.person && role === request.role,
  )
  const same = held.find(
    lease =>
      sameEnd(lease, request.endsAt) &&
      lease.reason === request.reason &&
      lease.breakGlass === request.breakGlass,
  )
  return same ? { kind: 'held', lease: same } : { kind: 'new', replaces: held }
}

/** A command that is run again a little later means the same end. */
const SAME_END_MS = 15 * 60_000

function sameEnd({ endsAt }: Lease, wanted: Date | null): boolean {
  if (endsAt === null || wanted === null) return endsAt === null && wanted === null
  return Math.abs(Date.parse(endsAt) - wanted.getTime()) <= SAME_END_MS
}
