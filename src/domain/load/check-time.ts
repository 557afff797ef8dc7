import { type Checked, Problem } from './problem.ts'

const DAYS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Two digits as a number, or -1. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1
}

/** YYYY-MM-DD at this place, a day that is in the calendar; from the year 1000 on. */
function isDay(text: string, at: number): boolean {
  const [century, years, month, day] = [
    two(text, at),
    two(text, at + 2),
    two(text, at + 5),
    two(text, at + 8),
  ]
  if (century < 10 || years < 0 || text[at + 4] !== '-' || text[at + 7] !== '-') return false
  if (month < 1 || month > 12 || day < 1 || day > (DAYS[month - 1] ?? 0)) return false
  const year = century * 100 + years
  return month !== 2 || day < 29 || (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0))
}

function isTimeOfDay(text: string, at: number): boolean {
  const [hour, minute, second] = [two(text, at), two(text, at + 3), two(text, at + 6)]
  if (text[at + 2] !== ':' || text[at + 5] !== ':') return false
  return hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 59
}

const NO_TIME = new Problem('is no date and time of the form 2013-12-31 23:59:59')

/**
 * DATETIME and TIMESTAMP: `2013-12-31 23:59:59`, with T for the space, a fraction that the
 * column can keep, or the date alone (then at midnight, as the server reads it).
 */
export function datetimeCheck(fraction: number): (value: string) => Checked {
  let lastDay = ''
  return value => {
    const text = value.length === 19 ? value : value.trim()
    if (text.length === 10 && isDay(text, 0)) return `${text} 00:00:00${zeros(fraction)}`
    // Rows are mostly of the same day as the row before.
    const day = text.slice(0, 10)
    if (day !== lastDay && !isDay(text, 0)) return NO_TIME
    lastDay = day
    const separator = text.charCodeAt(10)
    if ((separator !== 32 && separator !== 84) || !isTimeOfDay(text, 11)) return NO_TIME
    if (text.length === 19 && fraction === 0 && separator === 32) return text
    const behind = fractionOf(text.slice(19), fraction)
    return behind instanceof Problem ? behind : `${day} ${text.slice(11, 19)}${behind}`
  }
}

export function dateCheck(value: string): Checked {
  const text = value.trim()
  if (text.length >= 10 && isDay(text, 0) && /^([ T]00:00:00(\.0*)?)?$/.test(text.slice(10))) {
    return text.slice(0, 10)
  }
  return new Problem('is no date of the form 2013-12-31')
}

/** TIME: [-]hh:mm:ss up to 838:59:59. */
export function timeCheck(fraction: number): (value: string) => Checked {
  return value => {
    const parts = /^ *(-?)(\d{1,3}):([0-5]\d):([0-5]\d)(\.\d*)? *$/.exec(value)
    const hours = Number(parts?.[2])
    if (!parts || hours > 838) return new Problem('is no time of the form 23:59:59')
    const behind = fractionOf(parts[5] ?? '', fraction)
    if (behind instanceof Problem) return behind
    const text = `${String(hours).padStart(2, '0')}:${parts[3]}:${parts[4]}${behind}`
    return parts[1] === '-' && /[1-9]/.test(text) ? `-${text}` : text
  }
}

export function yearCheck(value: string): Checked {
  const text = value.trim()
  const year = Number(text)
  if (/^\d{4}$/.test(text) && (year === 0 || (year >= 1901 && year <= 2155))) return text
  return new Problem('is no year from 1901 to 2155')
}

const zeros = (digits: number): string => (digits === 0 ? '' : `.${'0'.repeat(digits)}`)

/** ".5" with three digits is ".500"; digits that would be rounded away are a problem. */
function fractionOf(text: string, digits: number): Checked {
  if (text === '') return zeros(digits)
  if (!/^\.\d*$/.test(text)) return NO_TIME
  if (/[1-9]/.test(text.slice(1 + digits))) {
    return new Problem(`has more than ${digits} digits of a second`)
  }
  return digits === 0 ? '' : text.slice(0, 1 + digits).padEnd(1 + digits, '0')
}
