import type { Target } from '#target/target'

/** How a process ended in the middle of an operation: before or after what it does is there. */
export type Death = 'before' | 'after'

/**
 * A target whose process dies at its n-th write or removal: nothing that comes later happens.
 * It counts puts and removals; a dead one throws on everything.
 */
export class MortalTarget {
  /** Puts and removals so far. */
  steps = 0
  readonly target: Target
  #dead = false

  /** @param onDeath instead of throwing: kills the process, for instance */
  constructor(inner: Target, dieAt: number, death: Death, onDeath: () => void = () => {}) {
    const step = async <T>(work: () => Promise<T>): Promise<T> => {
      this.#checkAlive()
      this.steps += 1
      if (this.steps !== dieAt) return await work()
      if (death === 'after') await work()
      this.#dead = true
      onDeath()
      throw new Died()
    }
    const alive = async <T>(work: () => Promise<T>): Promise<T> => {
      this.#checkAlive()
      return await work()
    }
    this.target = Object.assign(Object.create(inner), {
      label: inner.label,
      put: (...args: Parameters<Target['put']>) => step(() => inner.put(...args)),
      remove: (name: string) => step(() => inner.remove(name)),
      get: (...args: Parameters<Target['get']>) => alive(() => inner.get(...args)),
      stat: (name: string) => alive(() => inner.stat(name)),
      readBack: (name: string) => alive(() => inner.readBack(name)),
      list: (prefix: string) => inner.list(prefix),
      inspect: () => alive(() => inner.inspect()),
    })
  }

  #checkAlive(): void {
    if (this.#dead) throw new Died()
  }
}

export class Died extends Error {}
