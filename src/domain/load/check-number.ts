import { type Checked, Problem } from './problem.ts'

/** A whole number in range, without leading zeros or plus. */
export function integerCheck(min: bigint, max: bigint): (value: string) => Checked {
  const low = Number(min)
  const high = Number(max)
  return value => {
    const text = plainDigits(value) ? value : normalInteger(value)
    if (text === null) return new Problem('is no whole number')
    // Up to 15 digits a number is exact.
    const fits =
      text.length <= 15
        ? inRange(Number(text), low, high)
        : BigInt(text) >= min && BigInt(text) <= max
    return fits ? text : new Problem(`is outside ${min} to ${max}`)
  }
}

const inRange = (number: number, low: number, high: number): boolean =>
  number >= low && number <= high

/** 1 to 15 digits, the first of them no zero: the usual case, without a regular expression. */
function plainDigits(value: string): boolean {
  if (value.length === 0 || value.length > 15 || value.charCodeAt(0) === 48) return false
  for (let place = 0; place < value.length; place++) {
    const code = value.charCodeAt(place)
    if (code < 48 || code > 57) return false
  }
  return true
}

function normalInteger(value: string): string | null {
  const parts = /^ *([+-]?)0*(\d+) *$/.exec(value)
  if (!parts) return null
  const digits = parts[2] ?? '0'
  return parts[1] === '-' && digits !== '0' ? `-${digits}` : digits
}

/**
 * A decimal number with exactly `scale` digits behind the point. Digits that the column
 * would round away are a problem: the server would do it with no more than a note.
 */
export function decimalCheck(
  digits: number,
  scale: number,
  unsigned: boolean,
): (value: string) => Checked {
  return value => {
    const parts = /^ *([+-]?)0*(\d*)(?:\.(\d*))? *$/.exec(value)
    const [, sign, whole = '', fraction = ''] = parts ?? []
    if (!parts || !/\d/.test(value)) return new Problem('is no decimal number')
    if (whole.length > digits - scale) {
      return new Problem(`has more than ${digits - scale} digits before the point`)
    }
    if (/[1-9]/.test(fraction.slice(scale))) {
      return new Problem(`has more than ${scale} digits behind the point`)
    }
    const kept = fraction.slice(0, scale).padEnd(scale, '0')
    const text = scale === 0 ? whole || '0' : `${whole || '0'}.${kept}`
    if (sign !== '-' || !/[1-9]/.test(text)) return text
    return unsigned ? new Problem('is negative') : `-${text}`
  }
}

/** Any number; kept with the precision that the column has. */
export function floatCheck(single: boolean): (value: string) => Checked {
  return value => {
    const number = Number(value)
    const stored = single ? Math.fround(number) : number
    if (value.trim() === '' || !/^[\d\s.eE+-]+$/.test(value) || Number.isNaN(number)) {
      return new Problem('is no number')
    }
    return Number.isFinite(stored) ? String(stored) : new Problem('is too large')
  }
}
