import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '#core/clock'
import { throwIfInterrupted } from '#core/interruption'
import { forwarding } from '../forwarding.ts'
import type { Target } from '../target.ts'

/** Waits are cut into such pieces, so that Ctrl-C does not wait for the end of a long one. */
const LONGEST_SLEEP_MS = 500

/**
 * The same target, from and to which no more than so many bytes per second flow on average:
 * a file of n bytes makes those after it wait n / rate. Reading and writing share the rate.
 */
export function limitRate(target: Target, bytesPerSecond: number, clock: Clock): Target {
  const pace = new Pace(bytesPerSecond, clock)
  return forwarding(target, {
    async put(name, body) {
      await pace.take(body.reduce((sum, { byteLength }) => sum + byteLength, 0))
      return await target.put(name, body)
    },
    async get(name, part) {
      await pace.take(0)
      const bytes = await target.get(name, part)
      await pace.take(bytes?.length ?? 0)
      return bytes
    },
    async readBack(name, versionId) {
      await pace.take(0)
      const read = await target.readBack(name, versionId)
      await pace.take(read?.bytes.length ?? 0)
      return read
    },
  })
}

/** Hands out turns: each begins when those before it have used up their time. */
class Pace {
  readonly #bytesPerMs: number
  readonly #clock: Clock
  #freeAtMs = 0

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#bytesPerMs = bytesPerSecond / 1000
    this.#clock = clock
  }

  async take(bytes: number): Promise<void> {
    const startMs = Math.max(this.#freeAtMs, this.#clock.monotonicMs())
    this.#freeAtMs = startMs + bytes / this.#bytesPerMs
    for (;;) {
      throwIfInterrupted()
      const waitMs = startMs - this.#clock.monotonicMs()
      if (waitMs <= 0) return
      await sleep(Math.min(waitMs, LONGEST_SLEEP_MS))
    }
  }
}
