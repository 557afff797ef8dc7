const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** What a length of time looks like, for schemas: a number and s, m, h or d. */
export const DURATION = /^(\d+(?:\.\d+)?)([smhd])$/

/** A hundred years, in milliseconds. What is longer makes no date that a server or Node knows. */
export const LONGEST_MS = 36_500 * 86_400_000

/** "90s", "15m", "26h" or "2d" in milliseconds; null when the text is none of these. */
export function durationMs(text: string): number | null {
  const [, amount, unit] = DURATION.exec(text) ?? []
  const unitMs = UNIT_MS[unit ?? '']
  return amount !== undefined && unitMs !== undefined ? Number(amount) * unitMs : null
}
