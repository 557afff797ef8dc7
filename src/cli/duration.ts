import { EcomdbError } from '#core/errors'

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/**
 * "90s", "15m", "26h" or "2d" in milliseconds; null when nothing is given.
 * @throws EcomdbError USAGE
 */
export function parseDuration(text: string | undefined): number | null {
  if (text === undefined) return null
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? []
  const unitMs = UNIT_MS[unit ?? '']
  if (amount !== undefined && unitMs !== undefined) return Number(amount) * unitMs
  throw new EcomdbError('USAGE', {
    what: `"${text}" is not a length of time`,
    why: 'it is a number and s, m, h or d',
    hints: ['write it as 90s, 15m, 26h or 2d'],
  })
}
