import { type Known, oneOf, type Ways } from './known.ts'

/**
 * Accounts and what they may do.
 *
 * Known, and so not here: who has the ADMIN of a role that another account than root made (MariaDB).
 * Nothing that would lock root out of the source is here either.
 */
export function aboutAccounts(known: Known): string {
  const { random } = known
  const table = known.table()
  const user = `${known.pick('app', 'ann', 'bob', 'eve')}@localhost`
  const role = known.isMysql ? `r${random.between(0, 3)}` : 'r0'
  const { name } = known.column(table, known.writable(table))
  const level = (): string => known.pick('shop.*', '*.*', `shop.${table}`)
  const shared: Ways = [
    () =>
      `CREATE USER ${known.pick('', 'IF NOT EXISTS ')}${user}${random.chance(0.3) ? " IDENTIFIED BY 'pw'" : ''}`,
    () => `GRANT ${role} TO ${user}`,
    () =>
      `GRANT ${known.pick('SELECT', 'INSERT, UPDATE', 'ALL', 'EXECUTE')} ON ${known.pick(level(), '`sh_p`.*')} TO ${known.pick(user, 'CURRENT_USER()', role)}`,
    () => `GRANT SELECT (\`${name}\`) ON shop.${table} TO ${user}`,
    () => `REVOKE ${known.pick('SELECT', 'INSERT', 'ALL')} ON ${level()} FROM ${user}`,
    () => `ALTER USER ${user} ${known.pick('WITH MAX_USER_CONNECTIONS 9', "IDENTIFIED BY ''")}`,
    () => 'RENAME USER bob@localhost TO eve@localhost',
    () => `DROP USER IF EXISTS ${known.pick('bob', 'eve')}@localhost`,
    () => `SET PASSWORD FOR ${user} = ${known.isMysql ? "''" : "PASSWORD('')"}`,
  ]
  if (!known.isMysql) return oneOf(known, [...shared, () => `SET DEFAULT ROLE r0 FOR ${user}`])
  return oneOf(known, [
    ...shared,
    () => `SET DEFAULT ROLE ALL TO ${user}`,
    () => `CREATE ROLE IF NOT EXISTS ${role}`,
    () => `DROP ROLE IF EXISTS ${role}`,
  ])
}
