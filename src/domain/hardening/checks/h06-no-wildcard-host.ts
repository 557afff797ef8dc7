import { loginAccounts } from '../accounts.ts'
import { failIf, type HardeningCheck, notApplicable } from '../check.ts'

export const noWildcardHost: HardeningCheck = {
  id: 'H06',
  title: 'accounts come from hosts that are named',
  why: 'a stolen password is worth less where it works from one place only',
  references: ['CIS 7.6', 'PCI DSS 7.2.5'],
  severity: 'medium',
  judge(facts) {
    const accounts = loginAccounts(facts)
    if (accounts.length === 0) return notApplicable('every account is locked')
    // An empty host is as good as %.
    const anywhere = accounts.filter(({ host }) => host === '' || host.includes('%'))
    return failIf(
      anywhere.map(({ name, host }) => ({
        subject: name,
        detail: `${name} may come from ${host === '' || host === '%' ? 'anywhere' : `any host like ${host}`}`,
      })),
      anywhere.map(({ name }) => ({
        kind: 'advice',
        text: `give ${name} the host that it really comes from (RENAME USER keeps its rights)`,
      })),
      {
        subject: 'accounts',
        detail: `${accounts.length} can log in, each from hosts that are named`,
      },
    )
  },
}
