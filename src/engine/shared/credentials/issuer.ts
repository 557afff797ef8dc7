import type { Secret } from '#core/secret'
import { PASSWORD_MARK } from '#domain/schema/provision-plan'
import type {
  Credentials,
  IssuerOptions,
  IssuerSetup,
  IssuerStep,
  MintedSession,
  OpenSessionAccount,
} from '../../credentials.ts'
import { quoteAccount, quoteIdentifier, quoteQualified, quoteString } from '../../quote.ts'
import type { Session, SqlRow } from '../../session.ts'
import { ownStores } from '../own-store/own-store.ts'
import { type AccountDialect, observeAccounts } from '../provision/accounts.ts'
import { momentOf } from './identities.ts'
import type { IssuerDialect } from './issuer-dialect.ts'
import {
  brokerGrants,
  endProcedure,
  ISSUER,
  mintProcedure,
  OVERDUE,
  overdueEvent,
  overdueProcedure,
} from './issuer-procedures.ts'
import { storeTable } from './people.ts'
import { runAccountStatement, runIdentified } from './run-identified.ts'

/**
 * Each can run again. The procedures are dropped and made: neither engine replaces one in a
 * way that both understand, and with them go the broker's rights on them, given last.
 */
export async function issuerSteps(
  session: Session,
  dialect: IssuerDialect,
  accounts: AccountDialect,
  { broker, sessionHost }: IssuerOptions,
): Promise<IssuerSetup> {
  const [before] = await observeAccounts(session, accounts, [broker])
  const database = await ownStores.ensureStore(session, 'access')
  const tls = (await session.value(dialect.tls)) === '1'
  const place = { database, sessionHost, tls }
  const issuer = quoteAccount(ISSUER.user, ISSUER.host)
  const brokerName = quoteAccount(broker.user, broker.host)
  const plain = (sql: string): IssuerStep => ({ sql, takesPassword: false })
  const definerGrants = [...dialect.grants(quoteIdentifier(database)), ...dialect.extraGrants]
  const steps = [
    plain(`CREATE USER IF NOT EXISTS ${issuer} ${accounts.lockedWithoutPassword}`),
    ...definerGrants.map(grant => plain(`GRANT ${grant} TO ${issuer}`)),
    ...(await rolesFor(session, dialect, issuer)).map(plain),
    plain(`DROP EVENT IF EXISTS ${quoteQualified(database, OVERDUE)}`),
    ...['mint_session', 'end_session', OVERDUE].map(name =>
      plain(`DROP PROCEDURE IF EXISTS ${quoteQualified(database, name)}`),
    ),
    // Their tables are named without the database: procedures run in their own.
    plain(mintProcedure(dialect, place)),
    plain(endProcedure(dialect, place)),
    plain(overdueProcedure(database)),
    plain(overdueEvent(database)),
    // An account that is there from before gets the password of the file, too.
    {
      sql: `${before?.exists ? 'ALTER USER' : 'CREATE USER IF NOT EXISTS'} ${brokerName} IDENTIFIED BY ${PASSWORD_MARK}`,
      takesPassword: true,
    },
    ...(before?.halfMade ? [plain(`ALTER USER ${brokerName} ACCOUNT UNLOCK`)] : []),
    ...brokerGrants(database).map(grant => plain(`GRANT ${grant} TO ${brokerName}`)),
  ]
  return { steps, brokerLocked: !!before?.locked && !before.halfMade }
}

/**
 * MariaDB: to give a role, the definer must hold it with the ADMIN OPTION. It gives what
 * role_grant says, and nothing else.
 */
async function rolesFor(
  session: Session,
  dialect: IssuerDialect,
  issuer: string,
): Promise<string[]> {
  if (dialect.roleGrant === null) return []
  const roles = await session.rows<{ role: string }>(
    "SELECT User AS role FROM mysql.user WHERE is_role = 'Y' AND User <> 'PUBLIC' AND User NOT LIKE 'rs\\_%' ORDER BY User",
  )
  return roles.map(({ role }) => `GRANT ${quoteString(role)} TO ${issuer} ${dialect.roleGrant}`)
}

export async function runIssuerStep(
  session: Session,
  { sql, takesPassword }: IssuerStep,
  password: Secret | null,
): Promise<void> {
  if (takesPassword && password) await runIdentified(session, sql, password)
  else await runAccountStatement(session, sql)
}

export async function mint(
  session: Session,
  wanted: Parameters<Credentials['mint']>[1],
): Promise<MintedSession | 'busy' | 'not active'> {
  const { person, suffix, password, lastsS, connections } = wanted
  const name = await storeTable(session, 'mint_session')
  const values = [person, suffix, password.reveal(), lastsS, connections]
  const row = await call(session, `CALL ${name}(?, ?, ?, ?, ?)`, values)
  const outcome = String(row['outcome'])
  if (outcome === 'busy' || outcome === 'not active') return outcome
  const user = String(row['session_user'])
  const host = await session.value(
    `SELECT session_host FROM ${await storeTable(session, 'session_account')} WHERE session_user = ?`,
    [user],
  )
  const tls = Number(row['tls']) === 1
  return { user, host: String(host), tls, expiresAt: momentOf(row['expires_at']) }
}

export async function endSession(
  session: Session,
  user: string,
  reason: string,
): Promise<'ended' | 'not open' | 'still connected'> {
  const name = await storeTable(session, 'end_session')
  const row = await call(session, `CALL ${name}(?, ?)`, [user, reason])
  const outcome = String(row['outcome'])
  return outcome === 'ended' || outcome === 'not open' ? outcome : 'still connected'
}

export async function openSessions(
  session: Session,
  person: string | null,
): Promise<OpenSessionAccount[]> {
  const rows = await session.rows(
    `SELECT session_user, session_host, person, created_at, expires_at
     FROM ${await storeTable(session, 'session_account')}
     WHERE ended_at IS NULL AND (? IS NULL OR person = ?) ORDER BY expires_at, session_user`,
    [person, person],
  )
  return rows.map(row => ({
    user: String(row['session_user']),
    host: String(row['session_host']),
    person: String(row['person']),
    createdAt: momentOf(row['created_at']),
    expiresAt: momentOf(row['expires_at']),
  }))
}

/** The one row of a CALL: its result sets come one after another, and a status at the end. */
async function call(
  session: Session,
  sql: string,
  values: readonly (string | number)[],
): Promise<SqlRow> {
  const results: unknown[] = await session.rows(sql, values)
  const [row] = Array.isArray(results[0]) ? (results[0] as SqlRow[]) : []
  return row ?? {}
}
