import { failIf, type HardeningCheck } from '../check.ts'

export const noAnonymousAccount: HardeningCheck = {
  id: 'H04',
  title: 'nobody is let in without a name',
  why: 'what an anonymous account does is done by nobody, and it can come before a named one',
  references: ['CIS 7.7', 'PCI DSS 8.2.1', 'ASVS 6.3.2'],
  severity: 'critical',
  judge({ accounts }) {
    const nameless = accounts.filter(({ kind, user }) => kind === 'account' && user === '')
    return failIf(
      nameless.map(({ name, host }) => ({
        subject: name,
        detail: `an account without a name from ${host}`,
      })),
      nameless.map(({ name }) => ({ kind: 'drop-account', account: name })),
      { subject: 'accounts', detail: `${accounts.length} accounts and roles, each with a name` },
    )
  },
}
