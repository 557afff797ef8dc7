import { EcomdbError } from '#core/errors'
import type { LeaseRequest } from './lease.ts'
import type { AccessPolicy } from './policy.ts'

/**
 * Holds a grant to what the policy says of the role: how long it may last, on whose word, and
 * whether people may have it at all. A role that the policy does not know has no rules.
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
  const role = policy.roles.get(request.role)
  if (!role) return
  if (role.heldBy === 'applications') {
    throw refusal(request, 'the access policy gives it to applications, not to people', [
      'put the account under applications: in access.yaml',
    ])
  }
  const { endsAt, approver, person } = request
  if (role.maxTtlMs !== null) {
    const hours = Math.floor(role.maxTtlMs / 3_600_000)
    const longest = hours % 24 === 0 ? `${hours / 24}d` : `${hours}h`
    const lasts = endsAt === null ? Number.POSITIVE_INFINITY : endsAt.getTime() - now.getTime()
    if (lasts > role.maxTtlMs) {
      throw refusal(request, `the access policy lets a grant of it last ${longest} (max_ttl)`, [
        `say how long, at most \`--for ${longest}\``,
      ])
    }
  }
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

function refusal(
  { person, role }: LeaseRequest,
  why: string,
  hints: readonly string[],
): EcomdbError {
  return new EcomdbError('USAGE', { what: `${role} is not given to ${person}`, why, hints })
}
