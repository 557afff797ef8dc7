import type { Clock } from '#core/clock'
import { dueLeases, type Lease, rolesToTake } from '#domain/access/lease'
import type { LeaseReport } from '#domain/access/lease-report'
import type { AccountName } from '#domain/schema/service-accounts'
import { connectToAccounts } from '#engine/account-session'
import type { Engine } from '#engine/engine'
import type { PersonAccount } from '#engine/leavers'
import type { ConnectOptions, Session } from '#engine/session'
import { endSessions } from './end-sessions.ts'

export interface LeasePlace {
  engine: Engine
  connect: ConnectOptions
}

/** What every change of leases works with. */
export interface LeaseRun {
  engine: Engine
  session: Session
  clock: Clock
  dryRun: boolean
  /** Who does it, for the rows. */
  actor: string
}

export type LeaseDraft = {
  -readonly [Member in keyof LeaseReport]: LeaseReport[Member] extends readonly (infer Item)[]
    ? Item[]
    : LeaseReport[Member]
}

/** Runs `work` on a session of the server, with an empty report to fill. */
export async function withLeases(
  { engine, connect }: LeasePlace,
  dryRun: boolean,
  clock: Clock,
  work: (run: LeaseRun, report: LeaseDraft) => Promise<void>,
): Promise<LeaseReport> {
  const session = await connectToAccounts(engine, connect)
  try {
    const run = { engine, session, clock, dryRun, actor: await engine.leavers.actor(session) }
    const report: LeaseDraft = {
      ...{ dryRun, given: [], held: [], ended: [], statements: [], accounts: [] },
      ...{ sessionsEnded: 0, unlocked: [], findings: [] },
      deadMan: await engine.leases.deadMan(session),
    }
    await work(run, report)
    return report
  } finally {
    await session.close()
  }
}

/**
 * Accounts that roles are given to: what a person logs in as. A broker's identity account never
 * holds any, and a session account gets its roles when it is made.
 */
export function roleAccounts(accounts: readonly PersonAccount[]): PersonAccount[] {
  return accounts.filter(({ kind, exists }) => exists && kind === 'adopted')
}

/**
 * Ends leases: their rows, the roles on the server, and the person's sessions, which on MariaDB
 * would read on with a role that was revoked.
 */
export async function endLeases(
  run: LeaseRun,
  report: LeaseDraft,
  ending: readonly Lease[],
  reason: string,
): Promise<void> {
  const { engine, session, clock, dryRun, actor } = run
  for (const person of new Set(ending.map(lease => lease.person))) {
    if (!dryRun) await engine.leavers.hold(session, person)
    const all = await engine.leases.list(session, person)
    const theirs = ending.filter(lease => lease.person === person)
    const roles = rolesToTake(theirs, all, clock.now()).map(({ role }) => role)
    await takeRoles(run, report, person, roles)
    for (const lease of theirs) {
      if (!dryRun) await engine.leases.end(session, lease.grantId, actor, reason)
      report.ended.push(lease)
    }
    if (!dryRun) await engine.leavers.release(session, person)
  }
}

/** Takes roles from all accounts of a person, and ends what is open with them. */
export async function takeRoles(
  run: LeaseRun,
  report: LeaseDraft,
  person: string,
  roles: readonly string[],
): Promise<void> {
  const { engine, session, dryRun } = run
  const accounts = await engine.leavers.accounts(session, person)
  const there = accounts.filter(({ exists }) => exists)
  report.accounts.push(...there.map(({ user, host }) => ({ user, host })))
  for (const account of there) {
    for (const role of roles) {
      const statements = await engine.leases.takeStatements(session, account, role)
      report.statements.push(...statements)
      if (!dryRun) await engine.leases.run(session, statements)
    }
  }
  if (!dryRun && roles.length > 0) report.sessionsEnded += await endAll(run, report, there, person)
}

async function endAll(
  { engine, session, clock }: LeaseRun,
  report: LeaseDraft,
  accounts: readonly AccountName[],
  person: string,
): Promise<number> {
  const { sessionsEnded, dead } = await endSessions(engine, session, accounts, clock, 'open')
  if (!dead) report.findings.push(`a session of ${person} has not ended yet: it rolls back`)
  return sessionsEnded
}

/**
 * Ends every lease whose time is over, and opens again what the dead-man has locked. Costs one
 * query when there is nothing to do, so every command that changes access begins with it.
 */
export async function sweepLeases(run: LeaseRun, report: LeaseDraft): Promise<void> {
  const { engine, session, clock, dryRun } = run
  const due = dueLeases(await engine.leases.list(session, null), clock.now())
  if (due.length > 0) await endLeases(run, report, due, 'its time was over')
  for (const { account, grantId } of await engine.leases.deadManLocks(session)) {
    report.findings.push(
      `the dead-man had locked '${account.user}'@'${account.host}', for lease ${grantId}: nothing had ended it in time`,
    )
    report.unlocked.push(account)
    if (dryRun) continue
    await engine.leavers.unlock(session, [account])
    await engine.leases.forgetDeadManLock(session, account)
  }
}
