import type { Clock } from '#core/clock'
import { activeLeases } from '#domain/access/lease'
import type { LeaseReport } from '#domain/access/lease-report'
import { endLeases, type LeasePlace, sweepLeases, takeRoles, withLeases } from './change-roles.ts'

export interface RevokeRequest {
  person: string
  role: string
  reason: string
}

/**
 * `ecomdb revoke PERSON ROLE`: ends every lease of the role, takes it from the server, and ends
 * the person's sessions. A role that the person holds without a lease is taken as well: then the
 * policy, or somebody with GRANT, gave it.
 */
export async function revokeRole(
  { person, role, reason }: RevokeRequest,
  dryRun: boolean,
  place: LeasePlace,
  clock: Clock,
): Promise<LeaseReport> {
  return await withLeases(place, dryRun, clock, async (run, report) => {
    await sweepLeases(run, report)
    const { engine, session } = run
    const leases = activeLeases(await engine.leases.list(session, person), clock.now())
    const ending = leases.filter(lease => lease.role === role)
    if (ending.length > 0) await endLeases(run, report, ending, reason)
    else await takeRoles(run, report, person, [role])
    if (ending.length === 0 && report.statements.length > 0) {
      report.findings.push(
        `${person} held ${role} without a grant: if the policy says so, \`ecomdb access apply\` gives it again`,
      )
    }
    if (dryRun || report.statements.length + ending.length === 0) return
    await engine.accessCatalog.recordOperation(session, {
      command: 'revoke',
      subject: person,
      detail: { role, reason, grants: ending.map(({ grantId }) => grantId) },
    })
  })
}

/** `ecomdb access expire`: what the schedule runs. */
export async function expireLeases(
  dryRun: boolean,
  place: LeasePlace,
  clock: Clock,
): Promise<LeaseReport> {
  return await withLeases(place, dryRun, clock, async (run, report) => {
    await sweepLeases(run, report)
    const { ended } = report
    if (dryRun || ended.length === 0) return
    await run.engine.accessCatalog.recordOperation(run.session, {
      command: 'access expire',
      subject: [...new Set(ended.map(({ person }) => person))].join(', ').slice(0, 400),
      detail: { grants: ended.map(({ grantId }) => grantId), sessionsEnded: report.sessionsEnded },
    })
  })
}
