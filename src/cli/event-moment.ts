import { systemClock } from '#core/clock'
import { durationMs, LONGEST_MS } from '#core/duration'
import { EcomdbError } from '#core/errors'
import { parseMoment } from '#domain/binlog/moment'

/**
 * "2026-11-27" (its first moment), "2026-11-27 10:00", or how long ago, "24h", as the trail writes
 * times: 2026-11-27 10:00:00.000000, UTC. null when nothing is given.
 *
 * @throws EcomdbError USAGE
 */
export function eventMoment(text: string | undefined): string | null {
  if (text === undefined) return null
  const ago = durationMs(text.trim())
  if (ago !== null && ago <= LONGEST_MS) return sqlText((systemClock.now().getTime() - ago) * 1000)
  const day = /^\d{4}-\d\d-\d\d$/.test(text.trim())
  try {
    return sqlText(parseMoment(day ? `${text.trim()} 00:00` : text, 'UTC').us)
  } catch (error) {
    throw new EcomdbError('USAGE', {
      what: `"${text}" is not a time`,
      hints: ["write it as 2026-11-27, as '2026-11-27 13:37+01:00', or as 24h: so long ago"],
      cause: error,
    })
  }
}

function sqlText(us: number): string {
  const whole = new Date(Math.floor(us / 1000)).toISOString().replace('T', ' ').slice(0, 19)
  return `${whole}.${String(Math.round(us % 1e6)).padStart(6, '0')}`
}
