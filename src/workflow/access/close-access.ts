import { messageOf } from '#core/errors'
import type { Progress } from '#core/progress'
import type { ServerEnding } from '#domain/access/offboard-report'
import type { AccountName } from '#domain/schema/service-accounts'
import { connectToAccounts } from '#engine/account-session'
import { endSessions } from './end-sessions.ts'
import { type Draft, foundAccounts, type Leaver, since, step } from './leaver.ts'
import { disableTheirEvents } from './leaver-objects.ts'
import type { NamedServer } from './offboard-options.ts'

/** Nobody comes in any more, and who is in is out. Needs no right on anybody's data. */
export async function closeAccess(
  leaver: Leaver,
  report: Draft,
  progress: Progress,
): Promise<void> {
  const { place, session } = leaver
  const { engine } = place
  progress.stage('locking the accounts')
  await step(leaver, report, 'lock', () => lockAll(leaver, report))
  progress.stage('ending sessions')
  // Replicas hear of the lock by themselves; nothing here waits for them, nor they for it.
  const replicas = place.replicas.map(replica => endOnReplica(leaver, replica, report.accounts))
  const settled = Promise.allSettled(replicas)
  await step(leaver, report, 'first kill', async () => {
    const { open } = await engine.sessions.list(session, report.accounts)
    await engine.sessions.kill(
      session,
      open.map(({ id }) => id),
    )
    report.servers = [{ ...NOT_ENDED, name: 'primary', sessionsEnded: open.length }]
  })
  await step(leaver, report, 'events', () => disableTheirEvents(leaver, report))
  await step(leaver, report, 'sessions', async () => {
    const first = report.servers[0]?.sessionsEnded ?? 0
    const primary = await endOnPrimary(leaver, report.accounts)
    await settled
    report.servers = [
      { ...primary, sessionsEnded: primary.sessionsEnded + first },
      ...(await Promise.all(replicas)),
    ]
    tellServers(report)
  })
  await step(leaver, report, 'second factor and leases', () => endGrants(leaver, report))
}

const NOT_ENDED = { unreachable: null, sessionsEnded: 0, enteringEnded: 0, deadMs: null }

async function lockAll(leaver: Leaver, report: Draft): Promise<void> {
  const { options, place, session } = leaver
  const { leavers } = place.engine
  await leavers.setState(session, options.person, 'locked')
  const found = foundAccounts(report)
  await leavers.lock(session, found)
  if (found.length > 0) {
    report.statements.push(leavers.lockStatement(found))
  }
  report.lockedMs = since(leaver)
}

async function endGrants({ options, place, session }: Leaver, report: Draft): Promise<void> {
  const { leavers, leases } = place.engine
  report.secretsRemoved = await leavers.forgetSecrets(session, options.person)
  const all = await leases.list(session, options.person)
  for (const { grantId, role } of all.filter(({ endedAt }) => endedAt === null)) {
    await leases.end(session, grantId, report.operator, 'left')
    report.leasesEnded.push({ grantId, role })
  }
}

async function endOnPrimary(
  leaver: Leaver,
  accounts: readonly AccountName[],
): Promise<ServerEnding> {
  const { place, session, clock } = leaver
  const ended = await endSessions(place.engine, session, accounts, clock)
  return ending(leaver, 'primary', ended)
}

/** Locks replicate, kills do not. */
async function endOnReplica(
  leaver: Leaver,
  { name, connect }: NamedServer,
  accounts: readonly AccountName[],
): Promise<ServerEnding> {
  const { place, clock } = leaver
  const { engine } = place
  try {
    const replica = await connectToAccounts(engine, connect)
    try {
      const isClosed = async (): Promise<boolean> => {
        const states = await engine.leavers.states(replica, accounts)
        return states.every(({ exists, locked }) => !exists || locked)
      }
      const ended = await endSessions(engine, replica, accounts, clock, isClosed)
      return ending(leaver, name, ended)
    } finally {
      await replica.close()
    }
  } catch (error) {
    return { ...NOT_ENDED, name, unreachable: messageOf(error) }
  }
}

function ending(
  leaver: Leaver,
  name: string,
  ended: { sessionsEnded: number; enteringEnded: number; dead: boolean },
): ServerEnding {
  const { sessionsEnded, enteringEnded, dead } = ended
  return {
    ...{ name, unreachable: null, sessionsEnded, enteringEnded },
    deadMs: dead ? since(leaver) : null,
  }
}

function tellServers(report: Draft): void {
  for (const { name, unreachable, deadMs } of report.servers) {
    if (unreachable !== null) {
      report.outstanding.push(
        `${name} was not reached, so sessions may be open there: ${unreachable}`,
      )
    } else if (deadMs === null) {
      report.outstanding.push(
        `sessions on ${name} did not end in time: one rolls back, or the replica has not heard of the lock`,
      )
    }
  }
  const times = report.servers.flatMap(({ deadMs }) => (deadMs === null ? [] : [deadMs]))
  report.deadMs = times.length === report.servers.length ? Math.max(...times) : null
}
