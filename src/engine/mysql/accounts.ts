import type { AccountDialect } from '../shared/provision/accounts.ts'

export const mysqlAccounts: AccountDialect = {
  // The server's own locked accounts (mysql.sys) carry this text for a hash: none equals it.
  lockedWithoutPassword:
    "IDENTIFIED WITH caching_sha2_password AS '$A$005$THISISACOMBINATIONOFINVALIDSALTANDPASSWORDTHATMUSTNEVERBRBEUSED' ACCOUNT LOCK",
  accounts: "SELECT user AS user, host AS host, account_locked = 'Y' AS locked FROM mysql.user",
  makesInSteps: false,
}
