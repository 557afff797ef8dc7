/** Lets work in up to a total weight at a time; the rest waits in line. */
export class Limiter {
  #free: number
  readonly #total: number
  readonly #line: { weight: number; go: () => void }[] = []

  constructor(total: number) {
    this.#total = total
    this.#free = total
  }

  /**
   * @param weight a heavier one than the total counts as the total, and so is alone
   * @returns gives the place back
   */
  async enter(weight: number): Promise<() => void> {
    const taken = Math.min(weight, this.#total)
    if (this.#line.length > 0 || this.#free < taken) {
      await new Promise<void>(resolve => this.#line.push({ weight: taken, go: resolve }))
    } else this.#free -= taken
    let left = false
    return () => {
      if (left) return
      left = true
      this.#free += taken
      this.#admit()
    }
  }

  /** In the order in which they came, so that a heavy one is not passed by for ever. */
  #admit(): void {
    for (let next = this.#line[0]; next && next.weight <= this.#free; next = this.#line[0]) {
      this.#line.shift()
      this.#free -= next.weight
      next.go()
    }
  }
}
