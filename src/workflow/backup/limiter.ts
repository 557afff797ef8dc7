/** Lets a number of callers in at a time; the others wait in line. */
export class Limiter {
  #free: number
  readonly #line: (() => void)[] = []

  constructor(places: number) {
    this.#free = places
  }

  /** @returns gives the place back */
  async enter(): Promise<() => void> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>(resolve => this.#line.push(resolve))
    let left = false
    return () => {
      if (left) return
      left = true
      const next = this.#line.shift()
      if (next) next()
      else this.#free += 1
    }
  }
}
