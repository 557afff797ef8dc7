import { formatDuration } from '#core/units'
import type { Check } from '../facts.ts'

/** Over this, recovery times, expiry of grants and TOTP codes go wrong. */
const LIMIT_MS = 5_000

/** Do this host and the server agree on the time? */
export const clockSkew: Check = ({ server }) => {
  if (!server || 'error' in server) return []
  const { skewMs } = server.fact
  const subject = 'clock'
  const off = formatDuration(Math.abs(skewMs))
  if (Math.abs(skewMs) <= LIMIT_MS) {
    return [{ status: 'ok', subject, detail: `the server and this host are within ${off}` }]
  }
  const detail = `the server's clock is ${off} ${skewMs > 0 ? 'ahead of' : 'behind'} this host's`
  return [{ status: 'warn', subject, detail, next: 'synchronise both hosts by NTP' }]
}
