/** What happens at a time. `step` may set a later `at` and return true to come again. */
export interface Happening {
  /** Whole seconds since 1970-01-01 UTC. */
  at: number
  /** Ties are broken by it: first come, first served. Set by the queue. */
  turn: number
  step(): boolean
}

/**
 * A binary heap by time. It holds what goes on at one moment (open sessions, chats,
 * refunds on their way), so its size follows from how busy the shop is, not from how long
 * it runs.
 */
export class EventQueue {
  readonly #heap: Happening[] = []
  #turn = 0

  add(happening: Happening): void {
    happening.turn = this.#turn++
    this.#heap.push(happening)
    this.#rise(this.#heap.length - 1)
  }

  /** Lets everything happen, in order, that is due at or before this time. */
  runUntil(seconds: number): void {
    for (let first = this.#heap[0]; first && first.at <= seconds; first = this.#heap[0]) {
      // Off the heap before it happens: a step may add happenings of its own.
      this.#removeFirst()
      if (first.step()) this.add(first)
    }
  }

  #removeFirst(): void {
    const last = this.#heap.pop()
    if (!last || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink()
  }

  #rise(from: number): void {
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!this.#swapIfLater(parent, place)) return
      place = parent
    }
  }

  #sink(): void {
    let place = 0
    for (;;) {
      const left = 2 * place + 1
      const child = this.#isLater(left, left + 1) ? left + 1 : left
      if (!this.#swapIfLater(place, child)) return
      place = child
    }
  }

  /** Is the happening at `one` due after the one at `other`? False where either is missing. */
  #isLater(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]]
    return !!a && !!b && (a.at > b.at || (a.at === b.at && a.turn > b.turn))
  }

  #swapIfLater(upper: number, lower: number): boolean {
    const [a, b] = [this.#heap[upper], this.#heap[lower]]
    if (!(a && b && this.#isLater(upper, lower))) return false
    this.#heap[upper] = b
    this.#heap[lower] = a
    return true
  }
}
