/** Seconds since 1970-01-01 UTC, of a time of the shop, e.g. "2012-03-19 09:00:00". */
export function secondsOf(text: string): number {
  return Date.parse(`${text.replace(' ', 'T')}Z`) / 1000
}

export const DAY = 86_400
export const FIRST_SECOND = secondsOf('2012-03-19 09:00:00')
export const LAST_SECOND = secondsOf('2014-04-30 23:59:59')
const FIRST_DAY = secondsOf('2012-03-19 00:00:00')

/** How busy each hour of the day is. */
const HOURLY = [
  3, 2, 1.5, 1, 1, 1.5, 2.5, 4, 5.5, 6.5, 7, 7.5, 7, 7, 7, 7, 6.5, 6, 5.5, 5.5, 6, 6, 5.5, 4.5,
]
const HOURLY_SUM = HOURLY.reduce((sum, weight) => sum + weight, 0)

/** The share of sessions per second at the first day, as part of the mean: the shop grows. */
const START_RATE = 0.25

/**
 * When the session at this place among all of them begins: later places, later times; more
 * sessions as time goes on, and by day more than by night.
 *
 * @param place from 0 up to, without, 1
 * @returns whole seconds
 */
export function momentAt(place: number): number {
  // The inverse of x = a·t + (1 - a)·t², whose slope rises from a. Only sqrt is needed,
  // which IEEE 754 defines to the last bit.
  const curve = 1 - START_RATE
  const share = (Math.sqrt(START_RATE * START_RATE + 4 * curve * place) - START_RATE) / (2 * curve)
  const plain = FIRST_SECOND + share * (LAST_SECOND - FIRST_SECOND)
  const day = Math.floor((plain - FIRST_DAY) / DAY)
  const within = (plain - FIRST_DAY) / DAY - day
  const moment = FIRST_DAY + day * DAY + Math.floor(hourlyQuantile(within) * DAY)
  return Math.min(LAST_SECOND, Math.max(FIRST_SECOND, moment))
}

/** The part of the day by which this part of the day's sessions have come. */
function hourlyQuantile(part: number): number {
  let left = part * HOURLY_SUM
  for (const [hour, weight] of HOURLY.entries()) {
    if (left < weight) return (hour + left / weight) / 24
    left -= weight
  }
  return 0.999_999
}

const TWO_DIGITS = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'))
let cachedDay = -1
let cachedText = ''

/** Seconds to `"2012-03-19 09:00:00"`, with the quotes that the shop's exports have. */
export function quotedTime(seconds: number): string {
  const day = Math.floor(seconds / DAY)
  if (day !== cachedDay) {
    cachedDay = day
    cachedText = `"${new Date(day * DAY * 1000).toISOString().slice(0, 10)} `
  }
  const within = seconds - day * DAY
  const hour = Math.floor(within / 3600)
  const minute = Math.floor(within / 60) % 60
  return `${cachedText}${TWO_DIGITS[hour]}:${TWO_DIGITS[minute]}:${TWO_DIGITS[within % 60]}"`
}
