import { durationMs } from '#core/duration'
import { EcomdbError } from '#core/errors'

/**
 * "90s", "15m", "26h" or "2d" in milliseconds; null when nothing is given.
 * @throws EcomdbError USAGE
 */
export function parseDuration(text: string | undefined): number | null {
  if (text === undefined) return null
  const parsed = durationMs(text)
  if (parsed !== null) return parsed
  throw new EcomdbError('USAGE', {
    what: `"${text}" is not a length of time`,
    why: 'it is a number and s, m, h or d',
    hints: ['write it as 90s, 15m, 26h or 2d'],
  })
}
