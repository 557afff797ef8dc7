import type { AccountDialect } from '../shared/provision/accounts.ts'

export const mariadbAccounts: AccountDialect = {
  // As the server's own root is before it has a password: no hash has this form.
  lockedWithoutPassword: "IDENTIFIED VIA mysql_native_password USING 'invalid' ACCOUNT LOCK",
  accounts: `SELECT User AS user, Host AS host,
    COALESCE(JSON_VALUE(Priv, '$.account_locked'), '0') IN ('1', 'true') AS locked FROM mysql.global_priv`,
}
