import type { IdentityDialect } from '../shared/credentials/identities.ts'
import { mariadbAccounts } from './accounts.ts'

export const mariadbIdentities: IdentityDialect = {
  accounts: mariadbAccounts.accounts,
  heldRoles: 'SELECT COUNT(*) FROM mysql.roles_mapping WHERE User = ? AND Host = ?',
  // One limit for the whole server, max_password_errors.
  throttle: () => '',
}
