import {
  account,
  at,
  byRole,
  fails,
  gone,
  type HardeningState,
  made,
  NAME,
  none,
  passes,
  setting,
} from './state.ts'

const VALIDATE = "COMPONENT 'file://component_validate_password'"
const CONTROL = "COMPONENT 'file://component_connection_control'"
const NO_TLS = {
  set: ["SET GLOBAL tls_version = ''", 'ALTER INSTANCE RELOAD TLS NO ROLLBACK ON ERROR'],
  back: ["SET GLOBAL tls_version = 'TLSv1.2,TLSv1.3'", 'ALTER INSTANCE RELOAD TLS'],
}

export const MYSQL: readonly HardeningState[] = [
  { check: 'H01', verdict: fails, subject: 'certificate', ...NO_TLS },
  { check: 'H03', verdict: none, ...NO_TLS },
  { check: 'H07', verdict: passes, ...account() },
  {
    check: 'H07',
    verdict: fails,
    subject: at,
    ...account(),
    // MySQL 9 has no mysql_native_password; 8.4 has, and accounts of it.
    facts: facts => ({
      ...facts,
      accounts: facts.accounts.map(one =>
        one.name === at
          ? { ...one, logins: [{ plugin: 'mysql_native_password', credential: 'password' }] }
          : one,
      ),
    }),
  },
  {
    check: 'H08',
    verdict: fails,
    subject: at,
    set: [made(), `GRANT SELECT ON *.* TO ${NAME} WITH GRANT OPTION`],
    back: [gone()],
  },
  { check: 'H09', verdict: fails, subject: at, ...byRole('SYSTEM_VARIABLES_ADMIN') },
  {
    check: 'H10',
    verdict: passes,
    set: [
      'SET GLOBAL partial_revokes = ON',
      made(),
      `GRANT SELECT ON *.* TO ${NAME}`,
      `REVOKE SELECT ON mysql.* FROM ${NAME}`,
    ],
    back: [gone(), 'SET GLOBAL partial_revokes = OFF'],
  },
  {
    check: 'H11',
    verdict: fails,
    subject: 'mandatory_roles',
    set: ['CREATE ROLE t_all', "SET GLOBAL mandatory_roles = 't_all'"],
    back: ["SET GLOBAL mandatory_roles = ''", 'DROP ROLE t_all'],
  },
  { check: 'H14', verdict: fails, subject: 'validate_password' },
  {
    check: 'H14',
    verdict: fails,
    subject: 'validate_password.length',
    set: [`INSTALL ${VALIDATE}`],
    back: [`UNINSTALL ${VALIDATE}`],
  },
  {
    check: 'H14',
    verdict: passes,
    set: [`INSTALL ${VALIDATE}`, 'SET GLOBAL validate_password.length = 12'],
    back: [`UNINSTALL ${VALIDATE}`],
  },
  { check: 'H15', verdict: fails, subject: 'password_history' },
  { check: 'H15', verdict: passes, ...setting('password_history', '5', '0') },
  {
    check: 'H15',
    verdict: fails,
    subject: at,
    set: [
      'SET GLOBAL password_history = 5',
      made("IDENTIFIED BY 'A-password.9' PASSWORD HISTORY 1"),
    ],
    back: [gone(), 'SET GLOBAL password_history = 0'],
  },
  { check: 'H16', verdict: none },
  { check: 'H16', verdict: fails, subject: at, ...account() },
  {
    check: 'H16',
    verdict: passes,
    ...account("IDENTIFIED BY 'A-password.9' FAILED_LOGIN_ATTEMPTS 5 PASSWORD_LOCK_TIME 1"),
  },
  {
    check: 'H16',
    verdict: passes,
    set: [`INSTALL ${CONTROL}`, made()],
    back: [gone(), `UNINSTALL ${CONTROL}`],
  },
  {
    check: 'H16',
    verdict: fails,
    subject: 'component_connection_control.failed_connections_threshold',
    set: [
      `INSTALL ${CONTROL}`,
      'SET GLOBAL component_connection_control.failed_connections_threshold = 0',
    ],
    back: [`UNINSTALL ${CONTROL}`],
  },
  { check: 'H18', verdict: passes, bare: true },
  { check: 'H18', verdict: fails, subject: 'secure_file_priv' },
  { check: 'H22', verdict: passes },
  { check: 'H23', verdict: fails, subject: 'binlog_encryption' },
  { check: 'H23', verdict: passes, variables: { binlog_encryption: 'ON' } },
  { check: 'H24', verdict: none },
  {
    check: 'H24',
    verdict: fails,
    subject: 'audit_log',
    facts: facts => ({ ...facts, versionComment: 'Percona Server (GPL)' }),
  },
  {
    check: 'H24',
    verdict: passes,
    facts: facts => ({
      ...facts,
      plugins: new Map([['audit_log', { active: true, pinned: true }]]),
    }),
  },
  { check: 'H27', verdict: fails, subject: 'log_raw', ...setting('log_raw', 'ON', 'OFF') },
]
