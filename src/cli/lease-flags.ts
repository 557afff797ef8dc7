import type { Clock } from '#core/clock'
import { durationMs, LONGEST_MS } from '#core/duration'
import { EcomdbError, EXIT, type ExitStatus } from '#core/errors'
import type { LeaseReport } from '#domain/access/lease-report'

/**
 * When a grant of this length ends; null without one.
 *
 * @throws EcomdbError USAGE
 */
export function endOf(length: string | undefined, clock: Clock): Date | null {
  if (length === undefined) return null
  const ms = durationMs(length)
  if (ms !== null && ms > 0 && ms <= LONGEST_MS) return new Date(clock.now().getTime() + ms)
  throw new EcomdbError('USAGE', {
    what: `--for is no length of time: ${JSON.stringify(length)}`,
    why: 'expected a number and s, m, h or d, at most 36500d',
    hints: ['for example: --for 30d'],
  })
}

export function leaseStatus({ findings }: LeaseReport): ExitStatus {
  return findings.length > 0 ? EXIT.FINDINGS : EXIT.DONE
}
