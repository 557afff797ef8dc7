import { type HardeningCheck, notApplicable } from '../check.ts'

/** Neither engine keeps when an account was last used. */
export const noStaleAccount: HardeningCheck = {
  id: 'H29',
  title: 'accounts that nobody uses are locked',
  why: 'nobody misses a stolen account that nobody uses',
  references: ['PCI DSS 8.2.6'],
  severity: 'medium',
  judge: () =>
    notApplicable(
      'the server does not keep when an account was last used, and ecomdb does not yet',
    ),
}
