import { EcomdbError } from '#core/errors'
import { accountLevel, enforcementOf } from '#domain/credential/enforcement'
import { attemptsLeft } from '#domain/credential/totp'
import type { UserReport } from '#domain/credential/user-report'
import { connectToAccounts } from '#engine/account-session'
import type { Lockout, PersonRecord } from '#engine/credentials'
import type { Engine } from '#engine/engine'
import type { ConnectOptions, Session } from '#engine/session'
import { endPersonSessions, requireEnded } from './end-person-sessions.ts'

/** The server that people's accounts are on; the account is an administrator's. */
export interface PeopleServer {
  engine: Engine
  connect: ConnectOptions
}

/** Works with a session of the administrator, and records what was done. */
export async function asAdministrator<Result>(
  { engine, connect }: PeopleServer,
  work: (session: Session) => Promise<Result>,
): Promise<Result> {
  const session = await connectToAccounts(engine, connect)
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}

/** @throws EcomdbError INPUT_INVALID when there is none, or the person has left */
export async function requirePerson(
  { engine }: PeopleServer,
  session: Session,
  handle: string,
): Promise<PersonRecord> {
  const found = await engine.credentials.person(session, handle)
  if (found && found.state !== 'left') return found
  throw new EcomdbError('INPUT_INVALID', {
    what: found ? `${handle} has left` : `there is no person ${handle}`,
    hints: ['`ecomdb user list` shows everybody', '`ecomdb user add` adds a person'],
  })
}

export async function listUsers(server: PeopleServer): Promise<{ people: UserReport[] }> {
  return await asAdministrator(server, async session => {
    const reports: UserReport[] = []
    for (const record of await server.engine.credentials.people(session)) {
      reports.push(await reportOf(server, session, record))
    }
    return { people: reports }
  })
}

export async function showUser(server: PeopleServer, handle: string): Promise<UserReport> {
  return await asAdministrator(server, async session => {
    const record = await server.engine.credentials.person(session, handle)
    if (record) return await reportOf(server, session, record)
    return await requirePerson(server, session, handle).then(found =>
      reportOf(server, session, found),
    )
  })
}

async function reportOf(
  { engine: { credentials } }: PeopleServer,
  session: Session,
  { person, fullName, state }: PersonRecord,
): Promise<UserReport> {
  const totp = await credentials.totp(session, person)
  const accounts = await credentials.accountsOf(session, person)
  const open = await credentials.openSessions(session, person)
  return {
    person,
    fullName,
    state,
    secondFactor: totp?.state ?? 'none',
    enforcement: enforcementOf(accounts, totp?.state ?? null),
    accounts: accounts.map(one => ({ ...one, level: accountLevel(one, totp?.state ?? null) })),
    attemptsLeft: totp ? attemptsLeft(totp) : null,
    blockedUntil: totp?.blockedUntil?.toISOString() ?? null,
    recoveryCodesLeft: await credentials.recoveryCodesLeft(session, person),
    sessions: open.map(({ user, host, createdAt, expiresAt }) => ({
      user,
      host,
      since: createdAt.toISOString(),
      until: expiresAt.toISOString(),
    })),
  }
}

/** No login from now on, and every session ended. */
export async function lockUser(server: PeopleServer, handle: string): Promise<UserReport> {
  const { credentials, accessCatalog } = server.engine
  return await asAdministrator(server, async session => {
    const record = await requirePerson(server, session, handle)
    await credentials.setState(session, handle, 'locked')
    const sessions = await endPersonSessions(server.engine, session, handle, 'locked')
    const operation = { command: 'user lock', subject: handle, detail: { ...sessions } }
    await accessCatalog.recordOperation(session, operation)
    requireEnded(sessions)
    return await reportOf(server, session, { ...record, state: 'locked' })
  })
}

/** Logins are possible again; what was refused before is forgotten, here and on the server. */
export async function unlockUser(
  server: PeopleServer,
  handle: string,
  lockout: Lockout,
): Promise<UserReport> {
  const { credentials, accessCatalog } = server.engine
  return await asAdministrator(server, async session => {
    const record = await requirePerson(server, session, handle)
    for (const account of await credentials.accountsOf(session, handle)) {
      if (account.kind !== 'identity' || !account.exists) continue
      await credentials.clearThrottle(session, account, lockout)
    }
    await credentials.clearFailures(session, handle)
    await credentials.setState(session, handle, 'active')
    const operation = { command: 'user unlock', subject: handle, detail: {} }
    await accessCatalog.recordOperation(session, operation)
    return await reportOf(server, session, { ...record, state: 'active' })
  })
}
