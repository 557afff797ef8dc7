import type { Clock } from '#core/clock'
import { toolVersion } from '#core/version'
import { type AccessReport, exceptionsOf } from '#domain/access/access-report'
import type { Lease } from '#domain/access/lease'
import { accountKey, accountText, type ObservedAccess } from '#domain/access/observed'
import { rightText } from '#domain/access/right'
import type { Period } from '#domain/report/period'
import { uuidV7 } from '#repository/uuid'
import { type AccessPlace, accessList, gatherAccess } from './list-access.ts'

/**
 * `ecomdb report access`: who may do what now, and what was granted, ended and done in a period.
 *
 * @throws EcomdbError PRIVILEGE_MISSING without SELECT on the schema mysql
 */
export async function reportAccess(
  period: Period,
  place: AccessPlace,
  clock: Clock,
): Promise<AccessReport> {
  const { engine, connect } = place
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    const now = clock.now()
    const facts = await gatherAccess(engine, session)
    const from = `${period.from}T00:00:00.000Z`
    const until = new Date(Date.parse(`${period.to}T00:00:00Z`) + 86_400_000).toISOString()
    const list = accessList(facts, place, now)
    const grants = facts.leases.filter(lease => isIn(lease, from, until))
    const deadMan = await engine.leases.deadMan(session)
    return {
      format: 1,
      reportId: uuidV7(now),
      period,
      madeBy: await engine.leavers.actor(session),
      tool: toolVersion(),
      ...list,
      roles: rolesOf(facts.observed),
      applications: applicationsOf(facts.observed),
      grants,
      operations: await engine.accessHistory.operations(session, from, until),
      deadMan,
      exceptions: exceptionsOf({ ...list, deadMan }, grants),
    }
  } finally {
    await session.close()
  }
}

/** Made in the period, ended in it, or open meanwhile. */
function isIn({ startsAt, endedAt }: Lease, from: string, until: string): boolean {
  return startsAt < until && (endedAt === null || endedAt >= from)
}

function rolesOf({ principals }: ObservedAccess): AccessReport['roles'] {
  return principals
    .filter(({ kind, account }) => kind === 'role' && !account.user.startsWith('roles_of_'))
    .map(({ account, rights }) => ({
      role: account.user,
      rights: rights.map(rightText).sort(),
      holders: principals
        .filter(one => one.roles.some(({ role }) => accountKey(role) === accountKey(account)))
        .map(one => accountText(one.account))
        .sort(),
    }))
    .sort((a, b) => (a.role < b.role ? -1 : 1))
}

function applicationsOf({ principals, records }: ObservedAccess): AccessReport['applications'] {
  const programs = records.filter(({ kind }) => kind === 'application' || kind === 'service')
  return programs.flatMap(({ account }) => {
    const found = principals.find(one => accountKey(one.account) === accountKey(account))
    return found
      ? [{ account: accountText(account), rights: found.rights.map(rightText).sort() }]
      : []
  })
}
