import type { AccountFact, LoginWay } from '#domain/hardening/facts'
import { quoteString } from '../quote.ts'
import type { SqlRow } from '../session.ts'
import { grantedTables, type HardeningDialect, type StepText } from '../shared/hardening/dialect.ts'

/** Plugins that compare a password with what the account has. */
const WITH_HASH = [
  ...['mysql_native_password', 'mysql_old_password', 'ed25519', 'parsec'],
  ...['caching_sha2_password'],
]

/**
 * The bits of global_priv's `access`, by place: information_schema.user_privileges leaves the
 * roles out. The list is privilege_t's of MariaDB's source (sql/privilege.h), and a test grants
 * each privilege that the server offers to a role, and compares.
 */
const BITS = [
  ...['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'RELOAD', 'SHUTDOWN', 'PROCESS'],
  ...['FILE', 'GRANT OPTION', 'REFERENCES', 'INDEX', 'ALTER', 'SHOW DATABASES', 'SUPER'],
  ...['CREATE TEMPORARY TABLES', 'LOCK TABLES', 'EXECUTE', 'REPLICATION SLAVE'],
  ...['BINLOG MONITOR', 'CREATE VIEW', 'SHOW VIEW', 'CREATE ROUTINE', 'ALTER ROUTINE'],
  ...['CREATE USER', 'EVENT', 'TRIGGER', 'CREATE TABLESPACE', 'DELETE HISTORY', 'SET USER'],
  ...['FEDERATED ADMIN', 'CONNECTION ADMIN', 'READ_ONLY ADMIN', 'REPLICATION SLAVE ADMIN'],
  ...['REPLICATION MASTER ADMIN', 'BINLOG ADMIN', 'BINLOG REPLAY', 'SLAVE MONITOR'],
  'SHOW CREATE ROUTINE',
]
const GRANT_BIT = BITS.indexOf('GRANT OPTION')

const IS_ROLE = "JSON_VALUE(priv, '$.is_role') IN ('1', 'true')"
const ACCESS = "CAST(COALESCE(JSON_VALUE(priv, '$.access'), '0') AS UNSIGNED)"

const OF_ROLES = `SELECT CONCAT(user, '@', host) AS account, bits.privilege AS privilege, NULL AS sch, NULL AS tbl,
    IF(${ACCESS} >> ${GRANT_BIT} & 1, 'YES', 'NO') AS grantable
  FROM mysql.global_priv JOIN (
    ${BITS.map((name, bit) => `SELECT ${bit} AS bit, '${name}' AS privilege`).join(' UNION ALL ')}
  ) AS bits ON ${ACCESS} >> bits.bit & 1
  WHERE ${IS_ROLE} AND bits.bit <> ${GRANT_BIT}`

export const mariadbHardening: HardeningDialect = {
  accounts: `SELECT user AS user, host AS host, CONCAT('', priv) AS priv, ${IS_ROLE} AS isRole,
      COALESCE(JSON_VALUE(priv, '$.account_locked'), '0') IN ('1', 'true') AS locked,
      ELT(COALESCE(JSON_VALUE(priv, '$.ssl_type'), 0) + 1, '', 'ANY', 'X509', 'SPECIFIED') AS tls
    FROM mysql.global_priv`,
  readAccount,
  privileges: `${grantedTables()} UNION ALL ${OF_ROLES}`,
  roleEdges: `SELECT CONCAT(role, '@') AS role, CONCAT(user, '@', host) AS holder FROM mysql.roles_mapping`,
  plugins: `SELECT LOWER(plugin_name) AS name, plugin_status = 'ACTIVE' AS active,
      load_option IN ('FORCE_PLUS_PERMANENT', 'FORCE') AS pinned FROM information_schema.plugins`,
  tlsAvailable: "SELECT @@have_ssl = 'YES'",
  // SHOW writes NULL as '', which is the same to this server: every file.
  isNull: (name, shown) => name === 'secure_file_priv' && shown === '',
  readOnly: new Set([
    ...['bind_address', 'secure_file_priv', 'log_bin', 'skip_networking', 'tls_version'],
    'encrypt_binlog',
  ]),
  setting,
  install,
  section: 'mariadbd',
}

function readAccount(row: SqlRow): AccountFact {
  const user = String(row['user'])
  const host = String(row['host'])
  const role = Number(row['isRole']) === 1
  const system = user === 'mariadb.sys' && host === 'localhost'
  return {
    name: `${user}@${host}`,
    user,
    host,
    kind: role ? (user === 'PUBLIC' ? 'public' : 'role') : system ? 'system' : 'account',
    locked: Number(row['locked']) === 1,
    logins: loginWays(String(row['priv'])),
    tls: String(row['tls'] ?? ''),
    failedLoginAttempts: 0,
    passwordHistory: null,
    passwordReuseDays: null,
    restrictions: [],
  }
}

interface WrittenWay {
  plugin?: string
  authentication_string?: string
}

/** In auth_or an empty entry stands for the outer one; without a plugin it is the old default. */
function loginWays(priv: string): LoginWay[] {
  const outer = JSON.parse(priv) as WrittenWay & { auth_or?: WrittenWay[] }
  return (outer.auth_or ?? [outer]).map(inner => {
    const way = inner.plugin === undefined ? outer : inner
    return loginWay(way.plugin ?? 'mysql_native_password', way.authentication_string ?? '')
  })
}

function loginWay(plugin: string, hash: string): LoginWay {
  if (!WITH_HASH.includes(plugin)) return { plugin, credential: 'outside' }
  if (hash === '') return { plugin, credential: 'empty' }
  const possible = plugin !== 'mysql_native_password' || /^\*[0-9A-F]{40}$/i.test(hash)
  return { plugin, credential: possible ? 'password' : 'unusable' }
}

/** SET GLOBAL lasts until the server stops: the lines are for after. */
function setting(name: string, value: string, before: string): StepText {
  return {
    text: `SET GLOBAL ${name} = ${literal(value)}`,
    undo: [`SET GLOBAL ${name} = ${literal(before)}`],
    lines: [`${name} = ${value}`],
  }
}

function literal(value: string): string {
  return /^(\d+|ON|OFF)$/.test(value) ? value : quoteString(value)
}

/** The server notes it in mysql.plugin, so that it is there after a restart too. */
function install(name: string): StepText {
  const library = quoteString(name)
  return { text: `INSTALL SONAME ${library}`, undo: [`UNINSTALL SONAME ${library}`], lines: [] }
}
