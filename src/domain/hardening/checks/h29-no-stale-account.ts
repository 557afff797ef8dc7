import { loginAccounts } from '../accounts.ts'
import { failIf, type HardeningCheck, notApplicable } from '../check.ts'

const DAYS = 90

/** Neither engine keeps when an account was last used; ecomdb keeps what it granted, and until when. */
export const noStaleAccount: HardeningCheck = {
  id: 'H29',
  title: 'accounts of people who have left, or have had no role for 90 days, are locked',
  why: 'nobody misses a stolen account that nobody uses',
  references: ['CIS 2.11', 'PCI DSS 8.2.5', 'PCI DSS 8.2.6'],
  severity: 'medium',
  judge(facts) {
    const open = new Set(loginAccounts(facts).map(({ name }) => name))
    const people = facts.people.filter(({ account }) => open.has(account))
    if (facts.people.length === 0) {
      return notApplicable('ecomdb answers for the accounts of nobody here (ecomdb access)')
    }
    const wrong = people.flatMap(({ account, person, state, leases, idleDays }) => {
      if (state === 'left') return [{ subject: account, detail: `${account}: ${person} has left` }]
      if (state === 'locked') {
        return [
          { subject: account, detail: `${account}: ${person} is locked, this account is not` },
        ]
      }
      const roles = leases + facts.roleEdges.filter(({ holder }) => holder === account).length
      if (roles > 0 || idleDays <= DAYS) return []
      return [{ subject: account, detail: `${account}: no role for ${idleDays} days` }]
    })
    return failIf(
      wrong,
      wrong.map(({ subject }) => ({ kind: 'lock', account: subject })),
      {
        subject: 'people',
        detail: `${people.length} accounts of people are open, none of them stale`,
      },
    )
  },
}
