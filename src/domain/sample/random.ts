/**
 * A seeded source of numbers (sfc32, from Chris Doty-Humphrey's PractRand): the same
 * seed gives the same numbers on every machine. Nothing here or in what uses it may call
 * Math.pow, exp or log, whose last bit is free to differ between JavaScript engines.
 */
export class Random {
  #a = 0
  #b = 0
  #c = 0
  #counter = 1

  /** @param seed an integer from 0 to 2^53 - 1 */
  constructor(seed: number) {
    this.#a = seed >>> 0
    this.#b = Math.floor(seed / 2 ** 32) >>> 0
    this.#c = 0x9e3779b9
    for (let round = 0; round < 16; round++) this.next()
  }

  /** A number from 0 up to, without, 1: 32 random bits. */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + sum) | 0
    return (sum >>> 0) / 2 ** 32
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** A whole number of this mean that is one of the two next to it: 2.3 gives 2 or 3. */
  around(mean: number): number {
    return Math.floor(mean + this.next())
  }

  /** 1, 2, 3, … each step as likely as needed for this mean (1 or more). */
  geometric(mean: number): number {
    const goOn = 1 - 1 / mean
    let count = 1
    while (this.next() < goOn) count += 1
    return count
  }

  /** @throws RangeError for an empty list */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.next() * items.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }

  /** Picks by weight; the weights need not add up to anything. */
  weighted<Item extends { weight: number }>(items: readonly Item[]): Item {
    let left = this.next() * items.reduce((sum, item) => sum + item.weight, 0)
    for (const item of items) {
      left -= item.weight
      if (left < 0) return item
    }
    return this.pick(items.slice(-1))
  }
}
