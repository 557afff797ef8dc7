import { loginAccounts } from '../accounts.ts'
import { failIf, type HardeningCheck, notApplicable } from '../check.ts'

/**
 * Each way in is looked at: on MariaDB one of several suffices (IDENTIFIED VIA a OR b), and
 * a plugin that takes no password (unix_socket, auth_socket) has none to be empty.
 */
export const noEmptyPassword: HardeningCheck = {
  id: 'H05',
  title: 'no account opens with an empty password',
  why: 'whoever reaches the server and knows a name is in',
  references: ['CIS 7.3', 'PCI DSS 8.3.1'],
  severity: 'critical',
  judge(facts) {
    const accounts = loginAccounts(facts)
    if (accounts.length === 0) return notApplicable('every account is locked')
    const open = accounts.filter(({ logins }) => logins.some(way => way.credential === 'empty'))
    return failIf(
      open.map(({ name, logins }) => ({
        subject: name,
        detail: `${name} opens without a password${logins.length > 1 ? `, by one of its ${logins.length} ways in` : ''}`,
      })),
      open.map(({ name }) => ({ kind: 'lock', account: name })),
      { subject: 'accounts', detail: `${accounts.length} can log in, none with an empty password` },
    )
  },
}
