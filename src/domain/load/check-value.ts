import { decimalCheck, floatCheck, integerCheck } from './check-number.ts'
import { enumCheck, setCheck, textCheck } from './check-text.ts'
import { dateCheck, datetimeCheck, timeCheck, yearCheck } from './check-time.ts'
import type { Checked } from './problem.ts'
import type { ColumnKind } from './table-shape.ts'

/**
 * Whether a value can be stored as it is, and how the server would print it. What the
 * server would cut, round or turn into something else without an error is a problem here,
 * so that every such row has its line and reason.
 *
 * Values are latin1 text (a character per byte of the file), and so are the results.
 */
export type ValueCheck = (value: string) => Checked

export function checkFor(kind: ColumnKind): ValueCheck {
  switch (kind.type) {
    case 'integer':
      return integerCheck(kind.min, kind.max)
    case 'decimal':
      return remembering(decimalCheck(kind.digits, kind.scale, kind.unsigned))
    case 'float':
      return floatCheck(true)
    case 'double':
      return floatCheck(false)
    case 'date':
      return dateCheck
    case 'datetime':
      return datetimeCheck(kind.fraction)
    case 'time':
      return timeCheck(kind.fraction)
    case 'year':
      return yearCheck
    case 'text':
      return textCheck(kind.maxCharacters, kind.maxBytes, kind.padded)
    case 'enum':
      return enumCheck(kind.members)
    case 'set':
      return setCheck(kind.members)
    case 'unsupported':
      throw new RangeError(`a column of type ${kind.name} has no check`)
  }
}

/** Prices repeat: the few that were seen last need no second look. */
function remembering(check: ValueCheck): ValueCheck {
  const seen = new Map<string, Checked>()
  return value => {
    const known = seen.get(value)
    if (known !== undefined) return known
    if (seen.size >= 256 || value.length > 64) seen.clear()
    const checked = check(value)
    if (value.length <= 64) seen.set(value, checked)
    return checked
  }
}

/** Of these kinds an empty field is no value, so it is NULL where the column allows it. */
export function emptyIsNull(kind: ColumnKind): boolean {
  if (kind.type === 'enum') return !kind.members.includes('')
  return kind.type !== 'text' && kind.type !== 'set'
}
