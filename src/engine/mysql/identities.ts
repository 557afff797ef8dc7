import type { IdentityDialect } from '../shared/credentials/identities.ts'
import { mysqlAccounts } from './accounts.ts'

export const mysqlIdentities: IdentityDialect = {
  accounts: mysqlAccounts.accounts,
  heldRoles: 'SELECT COUNT(*) FROM mysql.role_edges WHERE TO_USER = ? AND TO_HOST = ?',
  throttle: ({ attempts, days }) =>
    `FAILED_LOGIN_ATTEMPTS ${Math.trunc(attempts)} PASSWORD_LOCK_TIME ${Math.trunc(days)}`,
}
