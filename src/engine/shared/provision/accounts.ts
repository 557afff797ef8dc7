import { PASSWORD_MARK, type Step } from '#domain/schema/provision-plan'
import type {
  AccountName,
  ObservedAccount,
  PrivilegeGrant,
  ServiceAccount,
} from '#domain/schema/service-accounts'
import { quoteAccount, quoteIdentifier, quoteQualified } from '../../quote.ts'
import type { Session, SqlRow } from '../../session.ts'

/** What differs between the engines about accounts. */
export interface AccountDialect {
  /** After CREATE USER name: no password opens it, and it is locked. */
  readonly lockedWithoutPassword: string
  /** Rows user, host, locked (0 or 1) of all accounts. */
  readonly accounts: string
  /** Whether an account that logs in may be made by several statements, locked until the last (run-identified.ts). */
  readonly makesInSteps: boolean
}

export async function observeAccounts(
  session: Session,
  dialect: AccountDialect,
  accounts: readonly AccountName[],
): Promise<ObservedAccount[]> {
  const all = await session.rows<SqlRow & { user: string; host: string }>(dialect.accounts)
  return await Promise.all(
    accounts.map(async account => {
      // The server keeps a host in small letters.
      const host = account.host.toLowerCase()
      const found = all.find(row => row.user === account.user && row.host.toLowerCase() === host)
      const grants = found ? await grantsOf(session, account) : []
      const locked = String(found?.['locked']) === '1'
      const halfMade = locked && dialect.makesInSteps && (await hasNothing(session, account))
      return { account, exists: !!found, locked, halfMade, grants }
    }),
  )
}

/** MariaDB: SHOW GRANTS has a line of each role and each right, on a column or a procedure too. */
async function hasNothing(session: Session, { user, host }: AccountName): Promise<boolean> {
  const lines = await session.rows(`SHOW GRANTS FOR ${quoteAccount(user, host)}`)
  return lines.every(line => String(Object.values(line)[0]).startsWith('GRANT USAGE ON *.* TO '))
}

/** From information_schema, which both engines fill alike. */
async function grantsOf(session: Session, account: AccountName): Promise<PrivilegeGrant[]> {
  const grantee = quoteAccount(account.user, account.host)
  const rows = await session.rows<
    Record<'sch' | 'tbl', string | null> & Record<'privilege' | 'grantable', string>
  >(
    `SELECT NULL AS sch, NULL AS tbl, privilege_type AS privilege, is_grantable AS grantable
     FROM information_schema.user_privileges WHERE grantee = ?
     UNION ALL SELECT table_schema, NULL, privilege_type, is_grantable
     FROM information_schema.schema_privileges WHERE grantee = ?
     UNION ALL SELECT table_schema, table_name, privilege_type, is_grantable
     FROM information_schema.table_privileges WHERE grantee = ?`,
    [grantee, grantee, grantee],
  )
  return rows.map(row => ({
    schema: row.sch,
    table: row.tbl,
    privileges: [row.privilege.toUpperCase()],
    grantOption: row.grantable === 'YES',
  }))
}

export async function offeredPrivileges(session: Session): Promise<ReadonlySet<string>> {
  const rows = await session.rows<{ Privilege: string }>('SHOW PRIVILEGES')
  return new Set(rows.map(row => row.Privilege.toUpperCase()))
}

export function accountSteps(
  dialect: AccountDialect,
  wanted: ServiceAccount,
  observed: ObservedAccount,
  missing: readonly PrivilegeGrant[],
): Step[] {
  const { user, host } = wanted.account
  const name = quoteAccount(user, host)
  const step = (sql: string, passwordOf: string | null = null): Step => ({
    kind: 'account',
    version: null,
    name: user,
    index: null,
    sql,
    passwordOf,
  })
  const steps: Step[] = []
  if (!observed.exists && wanted.login) {
    steps.push(step(`CREATE USER IF NOT EXISTS ${name} IDENTIFIED BY ${PASSWORD_MARK}`, user))
  } else if (!observed.exists) {
    steps.push(step(`CREATE USER IF NOT EXISTS ${name} ${dialect.lockedWithoutPassword}`))
  } else if (wanted.login && observed.halfMade) {
    steps.push(step(`ALTER USER ${name} IDENTIFIED BY ${PASSWORD_MARK}`, user))
    steps.push(step(`ALTER USER ${name} ACCOUNT UNLOCK`))
  } else if (!wanted.login && !observed.locked) {
    steps.push(step(`ALTER USER ${name} ACCOUNT LOCK`))
  }
  for (const grant of missing) {
    const option = grant.grantOption ? ' WITH GRANT OPTION' : ''
    steps.push(step(`GRANT ${grant.privileges.join(', ')} ON ${place(grant)} TO ${name}${option}`))
  }
  return steps
}

function place({ schema, table }: PrivilegeGrant): string {
  if (schema === null) return '*.*'
  return table === null ? `${quoteIdentifier(schema)}.*` : quoteQualified(schema, table)
}
