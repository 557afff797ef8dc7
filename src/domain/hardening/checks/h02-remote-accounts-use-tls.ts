import { isLocal, loginAccounts } from '../accounts.ts'
import { failIf, type HardeningCheck, notApplicable } from '../check.ts'

export const remoteAccountsUseTls: HardeningCheck = {
  id: 'H02',
  title: 'every account that comes over the network must use TLS',
  why: 'the requirement on the account holds when the one on the server is switched off',
  references: ['CIS 8.2', 'PCI DSS 2.2.7', 'PCI DSS 8.3.2', 'ASVS 12.3.1'],
  severity: 'medium',
  judge(facts) {
    const remote = loginAccounts(facts).filter(account => !isLocal(account))
    if (remote.length === 0) {
      return notApplicable('no account that can log in may do so from another machine')
    }
    const open = remote.filter(({ tls }) => tls === '' || tls === 'NONE')
    return failIf(
      open.map(({ name }) => ({ subject: name, detail: `${name} may come without TLS` })),
      open.map(({ name }) => ({ kind: 'require-tls', account: name })),
      {
        subject: 'accounts',
        detail: `TLS is required of all ${remote.length} that come from elsewhere`,
      },
    )
  },
}
