import type { Clock } from '#core/clock'
import {
  type AccessList,
  byExposure,
  isUnused,
  type PersonAccess,
} from '#domain/access/access-report'
import { activeLeases, type Lease } from '#domain/access/lease'
import {
  accountKey,
  accountText,
  type ObservedAccess,
  type Principal,
} from '#domain/access/observed'
import { type ProgramSource, reachOf, type SecondFactor } from '#domain/access/reach'
import type { AccountName } from '#domain/schema/service-accounts'
import type { Engine } from '#engine/engine'
import type { ConnectOptions, Session } from '#engine/session'
import { serviceNames } from './plan-access.ts'

export interface AccessPlace {
  engine: Engine
  /** With `database`: the shop's schema. */
  connect: ConnectOptions
  /** user@host of the policy: they may do everything, and stand on no record. */
  administrators: readonly string[]
}

/** Everything that lists and reports are made from. */
export interface AccessFacts {
  observed: ObservedAccess
  sources: readonly ProgramSource[]
  leases: readonly Lease[]
  lastLogins: ReadonlyMap<string, string>
  secondFactors: ReadonlyMap<string, SecondFactor> | null
  departures: ReadonlyMap<string, string>
}

export async function gatherAccess(engine: Engine, session: Session): Promise<AccessFacts> {
  const { accessCatalog, accessHistory, leases } = engine
  await accessCatalog.ensureStore(session, 'access')
  return {
    observed: await accessCatalog.observe(session),
    sources: await accessHistory.sources(session),
    leases: await leases.list(session, null),
    lastLogins: await accessHistory.lastLogins(session),
    secondFactors: await accessHistory.secondFactors(session),
    departures: await accessHistory.departures(session),
  }
}

/**
 * `ecomdb access list`: the people with access, who could do the most first.
 *
 * @throws EcomdbError PRIVILEGE_MISSING without SELECT on the schema mysql
 */
export async function listAccess(place: AccessPlace, clock: Clock): Promise<AccessList> {
  const { engine, connect } = place
  const session = await engine.connect({ ...connect, database: undefined })
  try {
    return accessList(await gatherAccess(engine, session), place, clock.now())
  } finally {
    await session.close()
  }
}

export function accessList(
  facts: AccessFacts,
  { engine, connect, administrators }: AccessPlace,
  now: Date,
): AccessList {
  const { observed } = facts
  const database = connect.database ?? ''
  const people = observed.people.map(one => personAccess(one, facts, database, now))
  return {
    server: observed.flavor,
    database,
    at: now.toISOString(),
    people: byExposure(people),
    unknown: unknownAccounts(observed, serviceNames(engine, connect)).filter(
      account => !administrators.includes(account),
    ),
    administrators: administrators.filter(account =>
      observed.principals.some(one => accountText(one.account) === account),
    ),
  }
}

function personAccess(
  { person, fullName, state }: ObservedAccess['people'][number],
  facts: AccessFacts,
  database: string,
  now: Date,
): PersonAccess {
  const { observed, sources, lastLogins, secondFactors, departures } = facts
  const records = observed.records.filter(record => record.person === person)
  const there = new Map(observed.principals.map(one => [accountKey(one.account), one]))
  const accounts = records.map(({ account, kind }) => {
    const found = there.get(accountKey(account))
    const name = accountText(account)
    return { account: name, kind, there: found !== undefined, locked: found?.locked ?? false }
  })
  const open = records.filter(({ account }) => there.has(accountKey(account)))
  const lastLogin = lastLogins.get(person) ?? null
  return {
    ...{ person, fullName, state, lastLogin },
    leftAt: departures.get(person) ?? null,
    accounts: accounts.filter(({ kind, there: is }) => is || kind !== 'session'),
    roles: rolesOf(
      person,
      open.map(({ account }) => there.get(accountKey(account))),
      facts,
      now,
    ),
    ...reachOf(
      observed,
      sources,
      open.map(({ account }) => account),
      database,
    ),
    secondFactor: secondFactors === null ? 'unknown' : (secondFactors.get(person) ?? 'none'),
    unused: isUnused(lastLogin, now),
  }
}

function rolesOf(
  person: string,
  principals: readonly (Principal | undefined)[],
  { leases, observed }: AccessFacts,
  now: Date,
): PersonAccess['roles'] {
  const granted = activeLeases(leases, now).filter(lease => lease.person === person)
  const held = principals.flatMap(one => one?.roles.map(({ role }) => role) ?? [])
  // MariaDB: the role above several is none of its own.
  const inner = held.flatMap(role =>
    role.user.startsWith('roles_of_')
      ? (
          observed.principals.find(one => accountKey(one.account) === accountKey(role))?.roles ?? []
        ).map(one => one.role.user)
      : [role.user],
  )
  const others = [...new Set(inner)].filter(role => !granted.some(lease => lease.role === role))
  return [
    ...granted.map(({ role, breakGlass, endsAt }) => ({
      role,
      by: breakGlass ? ('break-glass' as const) : ('grant' as const),
      endsAt,
    })),
    ...others.map(role => ({ role, by: 'policy or server' as const, endsAt: null })),
  ]
}

/** Accounts that can log in, are not ecomdb's own or the server's, and are on no record. */
function unknownAccounts(
  { principals, records }: ObservedAccess,
  services: readonly AccountName[],
): string[] {
  const known = new Set(
    [...records.map(({ account }) => account), ...services].map(account => accountKey(account)),
  )
  return principals
    .filter(
      ({ account, kind, locked }) =>
        kind === 'account' && !locked && !known.has(accountKey(account)),
    )
    .map(({ account }) => accountText(account))
    .sort()
}
