import { formatDuration } from '#core/units'
import { failIf, type HardeningCheck } from '../check.ts'

/** As `ecomdb doctor`: over this, codes, expiry and the order of a trail go wrong. */
const LIMIT_MS = 5_000

export const clock: HardeningCheck = {
  id: 'H28',
  title: "the server's clock is right",
  why: 'one-time codes, the end of a grant and the order of events in an audit depend on it',
  references: ['PCI DSS 10.6.1', 'ASVS 16.2.2'],
  severity: 'medium',
  judge({ skewMs }) {
    const off = formatDuration(Math.abs(skewMs))
    return failIf(
      Math.abs(skewMs) <= LIMIT_MS
        ? []
        : [{ subject: 'clock', detail: `${off} ${skewMs > 0 ? 'ahead of' : 'behind'} this host` }],
      [{ kind: 'advice', text: 'synchronise both hosts by NTP' }],
      { subject: 'clock', detail: `within ${off} of this host` },
    )
  },
}
