import type { Secret } from '#core/secret'
import { PASSWORD_MARK } from '#domain/schema/provision-plan'
import type { AccountName } from '#domain/schema/service-accounts'
import type { HashedPassword, Lockout, PasswordAnswer, PersonAccount } from '../../credentials.ts'
import { quoteAccount } from '../../quote.ts'
import { serverErrorNumber } from '../../server-error.ts'
import type { ConnectOptions, Session } from '../../session.ts'
import { openSession } from '../mysql2-session.ts'
import { storeTable } from './people.ts'
import { runIdentified } from './run-identified.ts'

/** What differs between the engines about identity accounts. */
export interface IdentityDialect {
  /** Rows user, host, locked (0 or 1) of all accounts. */
  readonly accounts: string
  /** A count of the roles that an account (bound: user, host) holds. */
  readonly heldRoles: string
  /** Behind ALTER USER: refused logins after which the server does not answer. */
  throttle(lockout: Lockout): string
}

/** ER_ACCOUNT_HAS_BEEN_LOCKED of each engine: the password was right. */
const RIGHT = [3118, 4151]
const WRONG = [1045]
/** Too many refused logins in a row; nothing is said about the password. */
const THROTTLED = [3955, 4150]

export async function checkPassword(
  options: ConnectOptions,
  user: string,
  password: Secret,
): Promise<PasswordAnswer> {
  try {
    const session = await openSession({ ...options, user, password, database: undefined })
    await session.close()
    return 'open'
  } catch (error) {
    const number = serverErrorNumber(error) ?? 0
    if (RIGHT.includes(number)) return 'right'
    if (WRONG.includes(number)) return 'wrong'
    if (THROTTLED.includes(number)) return 'throttled'
    throw error
  }
}

export async function accountsOf(
  session: Session,
  dialect: IdentityDialect,
  person: string,
): Promise<PersonAccount[]> {
  const known = await session.rows<{ user: string; host: string; kind: string }>(
    `SELECT account_user AS user, account_host AS host, kind FROM ${await storeTable(session, 'account')}
     WHERE person = ? ORDER BY kind, account_user, account_host`,
    [person],
  )
  const all = await session.rows<{ user: string; host: string; locked: number }>(dialect.accounts)
  return await Promise.all(
    known.map(async ({ user, host, kind }) => {
      const found = all.find(
        row => row.user === user && row.host.toLowerCase() === host.toLowerCase(),
      )
      const rights = found ? await rightsOf(session, dialect, { user, host: found.host }) : 0
      return { user, host, kind, exists: !!found, locked: String(found?.locked) === '1', rights }
    }),
  )
}

async function rightsOf(
  session: Session,
  dialect: IdentityDialect,
  { user, host }: AccountName,
): Promise<number> {
  const grantee = quoteAccount(user, host)
  const privileges = await session.value(
    `SELECT (SELECT COUNT(*) FROM information_schema.user_privileges
             WHERE grantee = ? AND privilege_type <> 'USAGE')
       + (SELECT COUNT(*) FROM information_schema.schema_privileges WHERE grantee = ?)
       + (SELECT COUNT(*) FROM information_schema.table_privileges WHERE grantee = ?)
       + (SELECT COUNT(*) FROM information_schema.column_privileges WHERE grantee = ?)
       + (SELECT COUNT(*) FROM mysql.procs_priv WHERE user = ? AND host = ?)`,
    [grantee, grantee, grantee, grantee, user, host],
  )
  const roles = await session.value(dialect.heldRoles, [user, host])
  return Number(privileges ?? 0) + Number(roles ?? 0)
}

export async function makeIdentity(
  session: Session,
  dialect: IdentityDialect,
  {
    person,
    account,
    password,
    lockout,
  }: {
    person: string
    account: AccountName
    password: Secret
    lockout: Lockout
  },
): Promise<void> {
  const name = quoteAccount(account.user, account.host)
  const accounts = await storeTable(session, 'account')
  // A name that an account of somebody else has is refused here, before anything is written.
  const rest = `${dialect.throttle(lockout)} ACCOUNT LOCK`
  await runIdentified(
    session,
    `CREATE USER ${name} IDENTIFIED BY ${PASSWORD_MARK} ${rest}`,
    password,
  )
  await session.run(
    `INSERT INTO ${accounts} (account_user, account_host, person, kind, created_at)
     VALUES (?, ?, ?, 'identity', UTC_TIMESTAMP(6))`,
    [account.user, account.host, person],
  )
}

export async function setPassword(
  session: Session,
  account: AccountName,
  password: Secret,
): Promise<void> {
  const name = quoteAccount(account.user, account.host)
  await runIdentified(session, `ALTER USER ${name} IDENTIFIED BY ${PASSWORD_MARK}`, password)
}

/** Setting the limit or the lock anew forgets the refused logins (both engines, measured). */
export async function clearThrottle(
  session: Session,
  dialect: IdentityDialect,
  account: AccountName,
  lockout: Lockout,
): Promise<void> {
  const name = quoteAccount(account.user, account.host)
  await session.run(`ALTER USER ${name} ${dialect.throttle(lockout)} ACCOUNT LOCK`)
}

export async function history(
  session: Session,
  person: string,
  last: number,
): Promise<HashedPassword[]> {
  const rows = await session.rows<{ salt: Buffer; hash: Buffer }>(
    `SELECT salt, hash FROM ${await storeTable(session, 'password_history')}
     WHERE person = ? ORDER BY history_id DESC LIMIT ?`,
    [person, last],
  )
  return rows.map(({ salt, hash }) => ({ salt, hash }))
}

export async function addToHistory(
  session: Session,
  person: string,
  { salt, hash }: HashedPassword,
  now: Date,
): Promise<void> {
  await session.run(
    `INSERT INTO ${await storeTable(session, 'password_history')} (person, changed_at, salt, hash)
     VALUES (?, ?, ?, ?)`,
    [person, sqlTime(now), salt, hash],
  )
}

/** A moment as DATETIME(6) in UTC. */
export function sqlTime(moment: Date): string {
  return moment.toISOString().replace('T', ' ').replace('Z', '')
}

/** A DATETIME(6) in UTC as a moment. */
export function momentOf(text: unknown): Date {
  return new Date(`${String(text).replace(' ', 'T')}Z`)
}
