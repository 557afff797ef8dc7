import type { AccountFact, LoginWay } from '#domain/hardening/facts'
import { quoteString } from '../quote.ts'
import type { SqlRow } from '../session.ts'
import { grantedTables, type HardeningDialect, type StepText } from '../shared/hardening/dialect.ts'

/** Plugins that compare a password with what the account has. */
const WITH_HASH = ['caching_sha2_password', 'sha256_password', 'mysql_native_password']

const SYSTEM = ['mysql.sys', 'mysql.session', 'mysql.infoschema']

export const mysqlHardening: HardeningDialect = {
  accounts: `SELECT user AS user, host AS host, plugin AS plugin, account_locked = 'Y' AS locked,
      CONVERT(authentication_string USING utf8mb4) AS hash, ssl_type AS tls,
      password_reuse_history AS history, password_reuse_time AS reuseDays,
      CAST(user_attributes AS CHAR) AS attributes
    FROM mysql.user`,
  readAccount,
  privileges: grantedTables(),
  roleEdges: `SELECT CONCAT(from_user, '@', from_host) AS role, CONCAT(to_user, '@', to_host) AS holder
    FROM mysql.role_edges`,
  plugins: `SELECT LOWER(plugin_name) AS name, plugin_status = 'ACTIVE' AS active,
      load_option IN ('FORCE_PLUS_PERMANENT', 'FORCE') AS pinned FROM information_schema.plugins
    UNION SELECT SUBSTRING_INDEX(component_urn, 'component_', -1), 1, 0 FROM mysql.component`,
  tlsAvailable: `SELECT COUNT(*) > 0 FROM performance_schema.tls_channel_status
    WHERE channel = 'mysql_main' AND property = 'Enabled' AND value = 'Yes'`,
  isNull: (name, shown) => name === 'secure_file_priv' && shown === 'NULL',
  readOnly: new Set([
    ...['bind_address', 'mysqlx_bind_address', 'secure_file_priv', 'log_bin', 'skip_networking'],
  ]),
  setting,
  install,
  section: 'mysqld',
}

function readAccount(row: SqlRow): AccountFact {
  const user = String(row['user'])
  const host = String(row['host'])
  const attributes = JSON.parse(String(row['attributes'] ?? '{}')) as {
    Password_locking?: { failed_login_attempts?: number }
    Restrictions?: { Database: string; Privileges: string[] }[]
  }
  const number = (column: string): number | null =>
    row[column] === null ? null : Number(row[column])
  return {
    name: `${user}@${host}`,
    user,
    host,
    kind: SYSTEM.includes(user) && host === 'localhost' ? 'system' : 'account',
    locked: Number(row['locked']) === 1,
    logins: [loginWay(String(row['plugin']), String(row['hash'] ?? ''))],
    tls: String(row['tls'] ?? ''),
    failedLoginAttempts: attributes.Password_locking?.failed_login_attempts ?? 0,
    passwordHistory: number('history'),
    passwordReuseDays: number('reuseDays'),
    restrictions: (attributes.Restrictions ?? []).map(({ Database, Privileges }) => ({
      schema: Database,
      privileges: Privileges,
    })),
  }
}

function loginWay(plugin: string, hash: string): LoginWay {
  if (!WITH_HASH.includes(plugin)) {
    return { plugin, credential: plugin === 'mysql_no_login' ? 'unusable' : 'outside' }
  }
  if (hash === '') return { plugin, credential: 'empty' }
  // The server's own locked accounts carry this instead of a hash.
  const unusable = hash.includes('INVALIDSALTANDPASSWORD')
  return { plugin, credential: unusable ? 'unusable' : 'password' }
}

/** SET PERSIST holds after a restart too, and wins over the configuration file. */
function setting(name: string, value: string, before: string): StepText {
  return {
    text: `SET PERSIST ${name} = ${literal(value)}`,
    undo: [`SET GLOBAL ${name} = ${literal(before)}`, `RESET PERSIST IF EXISTS ${name}`],
    lines: [],
  }
}

function literal(value: string): string {
  return /^(\d+|ON|OFF)$/.test(value) ? value : quoteString(value)
}

function install(name: string): StepText {
  const urn = quoteString(`file://component_${name}`)
  return { text: `INSTALL COMPONENT ${urn}`, undo: [`UNINSTALL COMPONENT ${urn}`], lines: [] }
}
