/**
 * The bits of "access" in mysql.global_priv, lowest first, as SHOW PRIVILEGES calls them.
 * Source: MariaDB 10.11, sql/privilege.h.
 */
const BITS: readonly string[] = [
  ...['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'RELOAD', 'SHUTDOWN', 'PROCESS'],
  ...['FILE', 'GRANT OPTION', 'REFERENCES', 'INDEX', 'ALTER', 'SHOW DATABASES', 'SUPER'],
  ...['CREATE TEMPORARY TABLES', 'LOCK TABLES', 'EXECUTE', 'REPLICATION SLAVE', 'BINLOG MONITOR'],
  ...['CREATE VIEW', 'SHOW VIEW', 'CREATE ROUTINE', 'ALTER ROUTINE', 'CREATE USER', 'EVENT'],
  ...['TRIGGER', 'CREATE TABLESPACE', 'DELETE HISTORY', 'SET USER', 'FEDERATED ADMIN'],
  ...['CONNECTION ADMIN', 'READ_ONLY ADMIN', 'REPLICATION SLAVE ADMIN'],
  ...['REPLICATION MASTER ADMIN', 'BINLOG ADMIN', 'BINLOG REPLAY', 'SLAVE MONITOR'],
  ...['SHOW CREATE ROUTINE'],
]

/** What SUPER was before 10.5 divided it. */
const ONCE_SUPER = [
  ...['SET USER', 'FEDERATED ADMIN', 'CONNECTION ADMIN', 'READ_ONLY ADMIN'],
  ...['REPLICATION SLAVE ADMIN', 'BINLOG ADMIN', 'BINLOG REPLAY'],
]

/** All bits: what root has. */
const EVERYTHING = 2n ** 64n - 1n

/**
 * The privileges on the whole server in a row's JSON. The number has 64 bits, which
 * JSON.parse would round.
 */
export function privilegesOfMask(priv: string): string[] {
  const mask = BigInt(/"access":\s*(\d+)/.exec(priv)?.[1] ?? 0)
  if (mask === EVERYTHING) return BITS.slice(0, -1)
  const held = BITS.filter((_name, bit) => (mask >> BigInt(bit)) & 1n)
  const isOld = !/"version_id"/.test(priv)
  return isOld && held.includes('SUPER') ? [...new Set([...held, ...ONCE_SUPER])] : held
}
