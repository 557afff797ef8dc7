import { EcomdbError } from '#core/errors'
import type { LeaseRequest } from './lease.ts'
import type { AccessPolicy, RolePolicy } from './policy.ts'

/**
 * Holds a grant to what the policy says of the role: how long it may last, on whose word, and
 * whether people may have it at all. A role that the policy does not know has no rules. One that the
 * policy gives to the person is none to grant.
 *
 * @param heldByApprover roles that the approver holds by leases
 * @throws EcomdbError USAGE
 */
export function checkGrant(
  policy: AccessPolicy,
  request: LeaseRequest,
  now: Date,
  heldByApprover: readonly string[],
): void {
  refuseOfPolicy(policy, request)
  const role = policy.roles.get(request.role)
  if (!role) return
  const { approver, person } = request
  keepToRole(role, request, now)
  if (role.approvers.length === 0) return
  const who = role.approvers.join(', ')
  const may =
    approver !== null &&
    approver !== person &&
    (role.approvers.includes(approver) ||
      [...(policy.people.get(approver)?.roles ?? []), ...heldByApprover].some(held =>
        role.approvers.includes(held),
      ))
  if (may) return
  const got =
    approver === null
      ? 'nobody has'
      : approver === person
        ? 'they said it themselves'
        : `${approver} is none`
  throw refusal(
    request,
    `it needs the word of another person: ${who}, or who holds that role; ${got}`,
    ['ask them, then name them with --approver'],
  )
}

/** Whatever it is for, an emergency is over or somebody has been asked by then. */
const LONGEST_BREAK_GLASS_MS = 4 * 3_600_000

/**
 * Holds `ecomdb access break-glass` to its rules: with a reason and an end soon, of a role that
 * people may have, within its max_ttl. An approver is what it goes without.
 *
 * @param held whether the person holds the role by another grant already; one that is asked for again,
 *   after a run that was cut short, is the same
 * @throws EcomdbError USAGE
 */
export function checkBreakGlass(
  policy: AccessPolicy,
  request: LeaseRequest,
  now: Date,
  held: boolean,
): void {
  refuseOfPolicy(policy, request)
  if (held) {
    throw refusal(request, 'they hold it by a grant already', [
      '`ecomdb access grants` says until when; `ecomdb revoke` ends it',
      '`ecomdb grant` makes it longer, on the word of who may approve it',
    ])
  }
  if (request.reason.trim() === '') {
    throw refusal(request, 'the reason is empty', ['say what happened, for who reads it later'])
  }
  if (lastsMs(request, now) > LONGEST_BREAK_GLASS_MS) {
    throw refusal(request, 'without an approver it lasts 4h at most', ['for example: --for 30m'])
  }
  const role = policy.roles.get(request.role)
  if (role) keepToRole(role, request, now)
}

/** At the end of the grant it would be taken, until the next apply, though the policy gives it. */
function refuseOfPolicy(policy: AccessPolicy, request: LeaseRequest): void {
  if (!policy.people.get(request.person)?.roles.includes(request.role)) return
  throw refusal(request, 'the access policy gives it to them, without an end', [
    '`ecomdb access apply` makes it so; to have it end, take it from their roles there first',
  ])
}

/** Whether people may have it at all, and how long it may last. */
function keepToRole(role: RolePolicy, request: LeaseRequest, now: Date): void {
  if (role.heldBy === 'applications') {
    throw refusal(request, 'the access policy gives it to applications, not to people', [
      'put the account under applications: in access.yaml',
    ])
  }
  if (role.maxTtlMs === null || lastsMs(request, now) <= role.maxTtlMs) return
  const hours = Math.floor(role.maxTtlMs / 3_600_000)
  const longest = hours % 24 === 0 ? `${hours / 24}d` : `${hours}h`
  throw refusal(request, `the access policy lets a grant of it last ${longest} (max_ttl)`, [
    `say how long, at most \`--for ${longest}\``,
  ])
}

function lastsMs({ endsAt }: LeaseRequest, now: Date): number {
  return endsAt === null ? Number.POSITIVE_INFINITY : endsAt.getTime() - now.getTime()
}

function refusal(
  { person, role }: LeaseRequest,
  why: string,
  hints: readonly string[],
): EcomdbError {
  return new EcomdbError('USAGE', { what: `${role} is not given to ${person}`, why, hints })
}
