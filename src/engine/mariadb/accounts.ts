import { LOCKED_WITHOUT_PASSWORD } from '../shared/credentials/run-identified.ts'
import type { AccountDialect } from '../shared/provision/accounts.ts'

export const mariadbAccounts: AccountDialect = {
  // As the server's own root is before it has a password: no hash has this form.
  lockedWithoutPassword: LOCKED_WITHOUT_PASSWORD,
  accounts: `SELECT User AS user, Host AS host,
    COALESCE(JSON_VALUE(Priv, '$.account_locked'), '0') IN ('1', 'true') AS locked FROM mysql.global_priv`,
  makesInSteps: true,
}
