import { countOf } from '#core/units'
import type { Lease } from '#domain/access/lease'
import type { LeaseReport } from '#domain/access/lease-report'

/** `ecomdb grant`, `revoke` and `access expire` for people. */
export function leaseText(report: LeaseReport): string {
  const { given, held, ended, statements, sessionsEnded, unlocked, deadMan, dryRun } = report
  const would = dryRun ? 'would be ' : ''
  const isIdle = given.length + held.length + ended.length + unlocked.length === 0
  return [
    ...given.map(lease => `${lease.person} ${would}given ${lease.role} ${untilText(lease)}`),
    ...held.map(lease => `${lease.person} has ${lease.role} ${untilText(lease)} already`),
    ...ended.map(
      lease => `${lease.role} ${would}taken from ${lease.person}, lease ${lease.grantId}`,
    ),
    ...(sessionsEnded > 0 ? [`${countOf(sessionsEnded, 'session')} ended`] : []),
    ...unlocked.map(({ user, host }) => `${would}opened again: '${user}'@'${host}'`),
    ...statements.map(statement => `  ${statement}`),
    ...(given.length > 0 && statements.length === 0
      ? ['the person logs in through the broker: it counts from the next login on']
      : []),
    ...(isIdle && report.findings.length === 0 ? ['nothing to do'] : []),
    ...(given.some(({ breakGlass }) => breakGlass)
      ? [
          'nobody approved it: `ecomdb status --server` and `ecomdb access grants` name it until it ends',
        ]
      : []),
    ...(given.some(({ endsAt }) => endsAt) ? [deadManText(deadMan)] : []),
    ...report.findings.map(text => `look at: ${text}`),
    ...(dryRun ? ['nothing was changed'] : []),
  ].join('\n')
}

function untilText({ endsAt, grantId }: Lease): string {
  const end =
    endsAt === null ? 'without an end' : `until ${endsAt.slice(0, 16).replace('T', ' ')} UTC`
  return grantId === 0 ? end : `${end}, lease ${grantId}`
}

function deadManText({ installed, scheduler }: LeaseReport['deadMan']): string {
  if (installed && scheduler)
    return 'the end is enforced by the server too: its event runs each minute'
  return 'the end is enforced by `ecomdb access expire` alone'
}
