import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { checkBreakGlass, checkGrant } from '#domain/access/grant-rules'
import { activeLeases, decideGrant, type LeaseRequest } from '#domain/access/lease'
import type { LeaseReport } from '#domain/access/lease-report'
import type { AccessPolicy } from '#domain/access/policy'
import {
  endLeases,
  type LeaseDraft,
  type LeasePlace,
  type LeaseRun,
  roleAccounts,
  sweepLeases,
  withLeases,
} from './change-roles.ts'

/**
 * `ecomdb grant PERSON ROLE`: a row that says who, why and until when, and the role on the
 * server. Run twice it does one thing; with another end it takes the place of the first. `ecomdb
 * access break-glass` is the same without an approver, under rules of its own.
 *
 * @throws EcomdbError USAGE for a person or a role that is not there, or who has left
 */
export async function grantRole(
  request: LeaseRequest,
  dryRun: boolean,
  place: LeasePlace & { policy: AccessPolicy },
  clock: Clock,
): Promise<LeaseReport> {
  return await withLeases(place, dryRun, clock, async (run, report) => {
    await sweepLeases(run, report)
    const { engine, session } = run
    // Of two at once, each decides on what the other has written.
    if (!dryRun) await engine.leavers.hold(session, request.person)
    await refuse(run, request)
    const leases = await engine.leases.list(session, request.person)
    const decision = decideGrant(request, leases, clock.now())
    const held = decision.kind === 'new' && decision.replaces.length > 0
    await keepToPolicy(run, request, place.policy, held)
    if (decision.kind === 'held') report.held.push(decision.lease)
    else await give(run, report, request)
    await giveRole(run, report, request)
    if (decision.kind === 'new' && decision.replaces.length > 0) {
      await endLeases(run, report, decision.replaces, 'another grant took its place')
    }
    if (request.endsAt !== null) await armDeadMan(run, report)
  })
}

async function refuse({ engine, session }: LeaseRun, request: LeaseRequest): Promise<void> {
  const person = await engine.leavers.person(session, request.person)
  if (!person) {
    throw new EcomdbError('USAGE', {
      what: `nobody called ${request.person} is on record`,
      why: 'a role is given to a person, not to an account',
      hints: [
        '`ecomdb access adopt` puts an account that was there before on record, with its person',
      ],
    })
  }
  if (person.state === 'left') {
    throw new EcomdbError('USAGE', {
      what: `${request.person} has left`,
      why: 'the name stays reserved, so that nobody inherits what was theirs',
      hints: ['a person who comes back gets another handle'],
    })
  }
  if (await engine.leases.roleExists(session, request.role)) return
  throw new EcomdbError('USAGE', {
    what: `there is no role ${request.role} on the server`,
    why: 'a role is declared in the access policy, and made by `ecomdb access apply`',
    hints: ['run `ecomdb access plan` to see which roles are declared'],
  })
}

/** What the policy says of the role. Whoever approves is named, not asked: it is written down. */
async function keepToPolicy(
  { engine, session, clock }: LeaseRun,
  request: LeaseRequest,
  policy: AccessPolicy,
  held: boolean,
): Promise<void> {
  if (request.breakGlass) return checkBreakGlass(policy, request, clock.now(), held)
  const { approver } = request
  const theirs = approver === null ? [] : await engine.leases.list(session, approver)
  const roles = activeLeases(theirs, clock.now()).map(({ role }) => role)
  checkGrant(policy, request, clock.now(), roles)
}

async function give(run: LeaseRun, report: LeaseDraft, request: LeaseRequest): Promise<void> {
  const { engine, session, dryRun, actor, clock } = run
  if (dryRun) {
    const { endsAt, ...rest } = request
    report.given.push({
      ...rest,
      grantId: 0,
      grantedBy: actor,
      startsAt: clock.now().toISOString(),
      endsAt: endsAt?.toISOString() ?? null,
      ...{ endedAt: null, endedBy: null, endReason: null },
    })
    return
  }
  const command = request.breakGlass ? 'access break-glass' : 'grant'
  report.given.push(await engine.leases.add(session, request, actor, command))
}

async function giveRole(
  run: LeaseRun,
  report: LeaseDraft,
  { person, role }: LeaseRequest,
): Promise<void> {
  const { engine, session, dryRun } = run
  const accounts = roleAccounts(await engine.leavers.accounts(session, person))
  for (const account of accounts) {
    const statements = await engine.leases.giveStatements(session, account, role)
    report.statements.push(...statements)
    report.accounts.push({ user: account.user, host: account.host })
    if (!dryRun) await engine.leases.run(session, statements)
  }
}

/** An end that only ecomdb enforces is none when ecomdb is not run. */
async function armDeadMan(run: LeaseRun, report: LeaseDraft): Promise<void> {
  const { engine, session, dryRun } = run
  if (!report.deadMan.installed && !dryRun) {
    try {
      await engine.leases.installDeadMan(session)
    } catch (error) {
      if (!(error instanceof EcomdbError) || error.code !== 'PRIVILEGE_MISSING') throw error
      report.findings.push(
        'no dead-man: this account may not install its event; run the command once as an administrator (--user root)',
      )
    }
    report.deadMan = await engine.leases.deadMan(session)
  }
  if (!report.deadMan.scheduler) {
    report.findings.push(
      'the event scheduler is off, so the dead-man sleeps: set event_scheduler=ON, or rely on `ecomdb access expire` in the schedule alone',
    )
  }
}
