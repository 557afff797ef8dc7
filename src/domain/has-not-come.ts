/** Clocks of two hosts differ a little. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000

/**
 * A moment that has not come: a clock was ahead, there or here. How old such a thing is nobody knows, and it
 * is not taken for a new one.
 *
 * @param moment ISO 8601
 */
export function hasNotCome(moment: string, now: Date): boolean {
  return Date.parse(moment) > now.getTime() + CLOCK_TOLERANCE_MS
}
