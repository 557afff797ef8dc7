import type { Principal } from '#domain/access/observed'
import type { Session } from '../session.ts'
import type { AccessDialect } from '../shared/access/dialect.ts'
import { PrincipalTable } from '../shared/access/principal-rows.ts'
import { readPrivileges } from '../shared/access/read-privileges.ts'
import { LOCKED_WITHOUT_PASSWORD } from '../shared/credentials/run-identified.ts'
import { privilegesOfMask } from './privilege-bits.ts'

export const mariadbAccess: AccessDialect = {
  readPrincipals,
  async readSettings() {
    return { literalSchemas: false, mandatoryRoles: [] }
  },
  // As the server's own root is before it has a password: no hash has this form.
  lockedWithoutPassword: LOCKED_WITHOUT_PASSWORD,
  serverAccounts: ['mariadb.sys'],
  revokeAdminOption: (role, account) => [`REVOKE ADMIN OPTION FOR ${role} FROM ${account}`],
  defaultRole: (account, roles) => `SET DEFAULT ROLE ${roles[0] ?? 'NONE'} FOR ${account}`,
}

/** The JSON of mysql.global_priv, as far as it is read here. */
interface GlobalPriv {
  is_role?: boolean
  plugin?: string
  auth_or?: { plugin?: string }[]
  ssl_type?: number
  max_user_connections?: number
  account_locked?: boolean
  default_role?: string
}

const TLS = ['', 'ANY', 'X509', 'SPECIFIED'] as const

async function readPrincipals(session: Session): Promise<Principal[]> {
  const principals = new PrincipalTable()
  const defaults: [Principal['account'], string][] = []
  // As text: the driver would parse JSON, and round the mask.
  for (const row of await session.rows<Record<'u' | 'h' | 'priv', string>>(
    "SELECT User AS u, Host AS h, CONCAT(Priv, '') AS priv FROM mysql.global_priv",
  )) {
    const priv = JSON.parse(row.priv) as GlobalPriv
    const account = { user: row.u, host: row.h }
    const principal = principals.add(principalOf(account, priv))
    for (const privilege of privilegesOfMask(row.priv)) {
      principal.rights.push({ privilege, place: { on: 'server' } })
    }
    if (priv.default_role) defaults.push([account, priv.default_role])
  }
  for (const [{ user, host }, role] of defaults) {
    principals.find(user, host)?.defaultRoles.push({ user: role, host: '' })
  }
  await readPrivileges(session, principals)
  for (const row of await session.rows<Record<'u' | 'h' | 'role' | 'admin', string>>(
    'SELECT User AS u, Host AS h, Role AS role, Admin_option AS admin FROM mysql.roles_mapping',
  )) {
    const edge = { role: { user: row.role, host: '' }, admin: row.admin === 'Y' }
    principals.find(row.u, row.h)?.roles.push(edge)
  }
  return principals.all()
}

function principalOf(
  account: Principal['account'],
  priv: GlobalPriv,
): Omit<Principal, 'rights' | 'restrictions' | 'roles' | 'defaultRoles'> {
  const isPublic = priv.is_role === true && account.user === 'PUBLIC'
  const kind = isPublic ? 'public' : priv.is_role ? 'role' : 'account'
  // The alternatives; an empty one stands for the plugin beside it.
  const plugins = [...(priv.auth_or ?? []).map(({ plugin }) => plugin ?? priv.plugin), priv.plugin]
  return {
    account,
    kind,
    locked: priv.account_locked === true,
    plugins:
      kind === 'account' ? [...new Set(plugins.map(name => name || 'mysql_native_password'))] : [],
    tls: TLS[priv.ssl_type ?? 0] ?? '',
    maxConnections: priv.max_user_connections ?? 0,
  }
}
