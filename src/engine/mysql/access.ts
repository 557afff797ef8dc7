import type { Principal } from '#domain/access/observed'
import type { Session, SqlRow } from '../session.ts'
import type { AccessDialect } from '../shared/access/dialect.ts'
import { type OpenPrincipal, PrincipalTable } from '../shared/access/principal-rows.ts'
import { privilegesOfRow, readPrivileges } from '../shared/access/read-privileges.ts'

export const mysqlAccess: AccessDialect = {
  readPrincipals,
  async readSettings(session) {
    const [row] = await session.rows(
      'SELECT @@partial_revokes AS literal, @@mandatory_roles AS mandatory',
    )
    return {
      literalSchemas: String(row?.['literal']) === '1',
      mandatoryRoles: mandatoryRoles(String(row?.['mandatory'] ?? '')),
    }
  },
  // The server's own locked accounts carry this text for a hash: none equals it.
  lockedWithoutPassword:
    "IDENTIFIED WITH caching_sha2_password AS '$A$005$THISISACOMBINATIONOFINVALIDSALTANDPASSWORDTHATMUSTNEVERBRBEUSED' ACCOUNT LOCK",
  serverAccounts: ['mysql.sys', 'mysql.session', 'mysql.infoschema'],
  // It has no statement for it.
  revokeAdminOption: (role, account) => [
    `REVOKE ${role} FROM ${account}`,
    `GRANT ${role} TO ${account}`,
  ],
  defaultRole: (account, roles) =>
    `ALTER USER ${account} DEFAULT ROLE ${roles.length > 0 ? roles.join(', ') : 'NONE'}`,
}

type UserRow = SqlRow & Record<'User' | 'Host' | 'plugin' | 'ssl_type', string>

async function readPrincipals(session: Session): Promise<Principal[]> {
  const principals = new PrincipalTable()
  for (const row of await session.rows<UserRow>('SELECT * FROM mysql.user')) {
    const principal = principals.add(principalOf(row))
    for (const privilege of privilegesOfRow(row)) {
      principal.rights.push({ privilege, place: { on: 'server' } })
    }
    addRestrictions(principal, row['User_attributes'])
  }
  for (const row of await session.rows<Record<string, string>>(
    'SELECT USER AS u, HOST AS h, PRIV AS privilege FROM mysql.global_grants',
  )) {
    const privilege = String(row['privilege']).toUpperCase()
    const principal = principals.find(String(row['u']), String(row['h']))
    principal?.rights.push({ privilege, place: { on: 'server' } })
  }
  await readPrivileges(session, principals)
  await readRoles(session, principals)
  return principals.all()
}

/**
 * Nothing in the catalogue says which account was made as a role. CREATE ROLE leaves it
 * locked, expired, and without any hash; and whatever is granted to another is one, too.
 */
function principalOf(
  row: UserRow,
): Omit<Principal, 'rights' | 'restrictions' | 'roles' | 'defaultRoles'> {
  const locked = row['account_locked'] === 'Y'
  const isRole = locked && row['password_expired'] === 'Y' && !row['authentication_string']
  return {
    account: { user: row.User, host: row.Host },
    kind: isRole ? 'role' : 'account',
    locked,
    plugins: isRole ? [] : [row.plugin],
    tls: row.ssl_type as Principal['tls'],
    maxConnections: Number(row['max_user_connections'] ?? 0),
  }
}

interface Attributes {
  Restrictions?: { Database: string; Privileges: string[] }[]
}

function addRestrictions(principal: OpenPrincipal, attributes: unknown): void {
  if (attributes === null || attributes === undefined) return
  // The driver gives JSON columns parsed.
  const parsed = (
    typeof attributes === 'string' ? JSON.parse(attributes) : attributes
  ) as Attributes
  for (const { Database, Privileges } of parsed.Restrictions ?? []) {
    for (const privilege of Privileges) {
      const place = { on: 'schema' as const, schema: Database }
      principal.restrictions.push({ privilege: privilege.toUpperCase(), place })
    }
  }
}

async function readRoles(session: Session, principals: PrincipalTable): Promise<void> {
  const edges = await session.rows<Record<string, string>>(
    `SELECT FROM_USER AS role, FROM_HOST AS role_host, TO_USER AS u, TO_HOST AS h,
       WITH_ADMIN_OPTION AS admin FROM mysql.role_edges`,
  )
  for (const row of edges) {
    const role = { user: String(row['role']), host: String(row['role_host']) }
    const holder = principals.find(String(row['u']), String(row['h']))
    holder?.roles.push({ role, admin: row['admin'] === 'Y' })
  }
  const defaults = await session.rows<Record<string, string>>(
    `SELECT USER AS u, HOST AS h, DEFAULT_ROLE_USER AS role, DEFAULT_ROLE_HOST AS role_host
     FROM mysql.default_roles`,
  )
  for (const row of defaults) {
    const role = { user: String(row['role']), host: String(row['role_host']) }
    principals.find(String(row['u']), String(row['h']))?.defaultRoles.push(role)
  }
}

/** "'a'@'%', b" */
function mandatoryRoles(text: string): { user: string; host: string }[] {
  return text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
    .map(part => {
      const [user = '', host = '%'] = part
        .split('@')
        .map(name => name.replace(/^['"`]|['"`]$/g, ''))
      return { user, host }
    })
}
