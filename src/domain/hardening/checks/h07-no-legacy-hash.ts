import { loginAccounts } from '../accounts.ts'
import { failIf, type HardeningCheck, notApplicable } from '../check.ts'

const LEGACY = ['mysql_native_password', 'mysql_old_password']

/** An empty password is H05's. */
export const noLegacyHash: HardeningCheck = {
  id: 'H07',
  title: 'passwords are not kept as bare SHA-1',
  why: 'who has the table of hashes tries thousands of millions of passwords a second against it',
  references: ['PCI DSS 8.3.2', 'ASVS 11.4.2'],
  severity: 'medium',
  judge(facts) {
    const better = facts.family === 'mysql' ? 'caching_sha2_password' : 'ed25519'
    const accounts = loginAccounts(facts).filter(({ logins }) =>
      logins.some(({ credential }) => credential === 'password'),
    )
    if (accounts.length === 0) return notApplicable('no account has a password')
    const weak = accounts.filter(({ logins }) =>
      logins.some(way => way.credential === 'password' && LEGACY.includes(way.plugin)),
    )
    return failIf(
      weak.map(({ name }) => ({ subject: name, detail: `${name} has an unsalted SHA-1 hash` })),
      weak.map(({ name }) => ({
        kind: 'advice',
        text: `give ${name} a new password with the plugin ${better}, once its clients can do that`,
      })),
      { subject: 'accounts', detail: `${accounts.length} with a password, none as bare SHA-1` },
    )
  },
}
