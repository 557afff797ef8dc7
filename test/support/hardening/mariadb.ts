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
  ROOT_HAS_PASSWORD,
  setting,
} from './state.ts'

const SIMPLE = "SONAME 'simple_password_check'"
const REUSE = "SONAME 'password_reuse_check'"
const ED25519 = "SONAME 'auth_ed25519'"

export const MARIADB: readonly HardeningState[] = [
  { check: 'H01', verdict: fails, subject: 'certificate', bare: true },
  { check: 'H03', verdict: none, bare: true },
  {
    check: 'H05',
    verdict: fails,
    subject: at,
    set: [
      ...ROOT_HAS_PASSWORD.set,
      made("IDENTIFIED VIA unix_socket OR mysql_native_password USING ''"),
    ],
    back: [gone(), ...ROOT_HAS_PASSWORD.back],
  },
  {
    check: 'H05',
    verdict: passes,
    set: [
      ...ROOT_HAS_PASSWORD.set,
      made("IDENTIFIED VIA mysql_native_password USING 'invalid' OR unix_socket"),
    ],
    back: [gone(), ...ROOT_HAS_PASSWORD.back],
  },
  { check: 'H07', verdict: fails, subject: at, ...account() },
  {
    check: 'H07',
    verdict: none,
    ...account("IDENTIFIED VIA mysql_native_password USING 'invalid' OR unix_socket"),
  },
  {
    check: 'H07',
    verdict: passes,
    set: [`INSTALL ${ED25519}`, made("IDENTIFIED VIA ed25519 USING PASSWORD('A-password.9')")],
    back: [gone(), `UNINSTALL ${ED25519}`],
  },
  {
    check: 'H08',
    verdict: fails,
    subject: at,
    set: [made(), `GRANT USAGE ON *.* TO ${NAME} WITH GRANT OPTION`],
    back: [gone()],
  },
  { check: 'H09', verdict: fails, subject: at, ...byRole('BINLOG ADMIN') },
  {
    check: 'H11',
    verdict: fails,
    subject: 'PUBLIC',
    set: ['GRANT PROCESS ON *.* TO PUBLIC'],
    back: ['REVOKE PROCESS ON *.* FROM PUBLIC'],
  },
  {
    check: 'H11',
    verdict: fails,
    subject: 'PUBLIC',
    set: ['GRANT SELECT ON mysql.user TO PUBLIC'],
    back: ['REVOKE SELECT ON mysql.user FROM PUBLIC'],
  },
  { check: 'H14', verdict: fails, subject: 'simple_password_check' },
  {
    check: 'H14',
    verdict: fails,
    subject: 'simple_password_check_minimal_length',
    set: [`INSTALL ${SIMPLE}`],
    back: [`UNINSTALL ${SIMPLE}`],
  },
  {
    // The server has a binary log that is not encrypted: see hashes-in-log.ts.
    check: 'H14',
    verdict: passes,
    set: [
      `INSTALL ${SIMPLE}`,
      'SET GLOBAL simple_password_check_minimal_length = 12',
      'SET GLOBAL strict_password_validation = OFF',
    ],
    back: ['SET GLOBAL strict_password_validation = ON', `UNINSTALL ${SIMPLE}`],
  },
  {
    check: 'H14',
    verdict: passes,
    set: [`INSTALL ${SIMPLE}`, 'SET GLOBAL simple_password_check_minimal_length = 12'],
    back: [`UNINSTALL ${SIMPLE}`],
  },
  { check: 'H15', verdict: fails, subject: 'password_reuse_check' },
  { check: 'H15', verdict: passes, set: [`INSTALL ${REUSE}`], back: [`UNINSTALL ${REUSE}`] },
  {
    check: 'H15',
    verdict: fails,
    subject: 'password_reuse_check_interval',
    set: [`INSTALL ${REUSE}`, 'SET GLOBAL password_reuse_check_interval = 30'],
    back: ['SET GLOBAL password_reuse_check_interval = 0', `UNINSTALL ${REUSE}`],
  },
  { check: 'H16', verdict: fails, subject: 'max_password_errors' },
  { check: 'H16', verdict: passes, ...setting('max_password_errors', '5', '4294967295') },
  { check: 'H18', verdict: fails, subject: 'secure_file_priv', bare: true },
  { check: 'H18', verdict: passes },
  { check: 'H22', verdict: fails, subject: 'sync_binlog' },
  {
    check: 'H22',
    verdict: passes,
    set: ['SET GLOBAL sync_binlog = 1', 'SET GLOBAL expire_logs_days = 7'],
    back: ['SET GLOBAL sync_binlog = 0', 'SET GLOBAL expire_logs_days = 0'],
  },
  { check: 'H23', verdict: fails, subject: 'encrypt_binlog' },
  { check: 'H23', verdict: passes, variables: { encrypt_binlog: 'ON' } },
  { check: 'H24', verdict: passes },
  { check: 'H24', verdict: fails, subject: 'server_audit', bare: true },
  {
    check: 'H24',
    verdict: fails,
    subject: 'server_audit_logging',
    ...setting('server_audit_logging', 'OFF', 'ON'),
  },
]
