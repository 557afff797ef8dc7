import { formatDuration } from '#core/units'
import { hasNotCome } from '#domain/has-not-come'
import type { Check } from '../facts.ts'

/** Has each copy been brought up to date lately, by what this host knows? */
export const copies: Check = ({ copies: configured, now }) =>
  configured.map(({ name, maxAgeMs, lastSeenAt }) => {
    const subject = `copy ${name}`
    const next = `bring a disk, then \`ecomdb backup copy --to ${name}\``
    if (!lastSeenAt) {
      return { status: 'warn', subject, detail: 'was never copied to from this host', next }
    }
    if (hasNotCome(lastSeenAt, now)) {
      const detail = `last copied to at ${lastSeenAt}, which has not come: a clock was wrong`
      return { status: 'fail', subject, detail, next }
    }
    const ageMs = now.getTime() - new Date(lastSeenAt).getTime()
    const detail = `last copied to ${formatDuration(ageMs)} ago (${lastSeenAt})`
    if (ageMs > maxAgeMs) return { status: 'fail', subject, detail, next }
    return { status: 'ok', subject, detail }
  })
