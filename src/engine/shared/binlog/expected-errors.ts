/** A duplicate key is told by several numbers, with its name or without. */
const SAME: Readonly<Record<number, number>> = { 1022: 1062, 1586: 1062 }
const alike = (error: number): number => SAME[error] ?? error

/**
 * Errors of the client that executes a log, against those with which its statements ended on the source: a
 * statement that failed half done there fails so here.
 */
export class ExpectedErrors {
  /** What came otherwise, in the client's words. */
  unexpected: string | null = null
  readonly #expected: readonly number[]
  /** Errors that may come so often, at any place. */
  readonly #possible: Map<number, number>
  readonly #missed: number[] = []
  #at = 0
  #rest = ''

  constructor(expected: readonly number[], possible: ReadonlyMap<number, number> = new Map()) {
    this.#expected = expected
    this.#possible = new Map(possible)
  }

  /** Those that did not come. */
  get missed(): readonly number[] {
    return [...this.#missed, ...this.#expected.slice(this.#at)]
  }

  /** May any come? */
  get isAny(): boolean {
    return this.#expected.length > 0 || this.#possible.size > 0
  }

  /** @returns is all as it was on the source so far? */
  read(complaints: string): boolean {
    const lines = `${this.#rest}${complaints}`.split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const found = /^ERROR\b ?(\d+)?/.exec(line)
      if (found && !this.#isNext(Number(found[1]))) this.unexpected ??= line
    }
    return this.unexpected === null
  }

  #isNext(error: number): boolean {
    const at = this.#expected.findIndex((one, i) => i >= this.#at && alike(one) === alike(error))
    if (at < 0) return this.#isPossible(error)
    this.#missed.push(...this.#expected.slice(this.#at, at))
    this.#at = at + 1
    return true
  }

  #isPossible(error: number): boolean {
    const left = this.#possible.get(error) ?? 0
    this.#possible.set(error, left - 1)
    return left > 0
  }
}
