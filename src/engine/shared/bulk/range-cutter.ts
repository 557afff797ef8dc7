import { readLength } from './wire-result.ts'

/** So many digits are exact as a JavaScript number. */
const EXACT_DIGITS = 15
const MINUS = 0x2d
const ZERO = 0x30

/** Tells where rows that come in key order pass from one range of keys to the next. */
export class RangeCutter {
  readonly #borders: readonly bigint[]
  #next = 0
  /** The next border, where it is exact; no key is at or above NaN. */
  #exact = Number.NaN

  /**
   * @param borders where a next range begins: values of the rows' first column, which is an
   *   integer, ascending, decimal
   */
  constructor(borders: readonly string[]) {
    this.#borders = borders.map(BigInt)
    this.#setExact()
  }

  /** Borders that no row has passed yet. */
  get left(): number {
    return this.#borders.length - this.#next
  }

  /**
   * The border that rows come to next, where it is exact as a JavaScript number; NaN where it is
   * not. Null: no row can pass another.
   */
  get next(): number | null {
    return this.left > 0 ? this.#exact : null
  }

  /** How many borders this row is the first to have passed. */
  passed(row: Buffer, start: number): number {
    const before = this.#next
    while (this.#next < this.#borders.length && this.#isPassed(row, start)) {
      this.#next += 1
      this.#setExact()
    }
    return this.#next - before
  }

  #setExact(): void {
    const border = this.#borders[this.#next]
    const exact = border !== undefined && border <= Number.MAX_SAFE_INTEGER
    this.#exact = exact && border >= Number.MIN_SAFE_INTEGER ? Number(border) : Number.NaN
  }

  #isPassed(row: Buffer, start: number): boolean {
    const [length, from] = readLength(row, start)
    if (length <= EXACT_DIGITS && !Number.isNaN(this.#exact)) {
      return shortInteger(row, from, from + length) >= this.#exact
    }
    const border = this.#borders[this.#next]
    return border !== undefined && BigInt(row.toString('latin1', from, from + length)) >= border
  }
}

function shortInteger(row: Buffer, from: number, end: number): number {
  const negative = row[from] === MINUS
  let value = 0
  for (let at = negative ? from + 1 : from; at < end; at++) {
    value = value * 10 + (row[at] as number) - ZERO
  }
  return negative ? -value : value
}
