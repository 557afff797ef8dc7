import { inspect } from 'node:util'

/**
 * A value that must not reach argv, logs, errors, manifests or reports. Printing,
 * interpolating or serialising one gives asterisks; only `reveal` gives the value, so a
 * search for `.reveal()` finds every place where a secret is used.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '********'
  }

  toJSON(): string {
    return '********'
  }

  [inspect.custom](): string {
    return '********'
  }
}
