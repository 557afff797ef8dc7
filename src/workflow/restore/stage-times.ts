import type { Clock } from '#core/clock'
import type { Progress } from '#core/progress'
import type { TimedStage } from '#domain/backup/drill-report'

/** Progress that also keeps how long each stage took. */
export class StageTimes implements Progress {
  readonly #inner: Progress
  readonly #clock: Clock
  readonly #done: TimedStage[] = []
  #current: { name: string; since: number } | null = null

  constructor(inner: Progress, clock: Clock) {
    this.#inner = inner
    this.#clock = clock
  }

  stage(name: string): void {
    this.#close()
    this.#current = { name, since: this.#clock.monotonicMs() }
    this.#inner.stage(name)
  }

  total(amount: { bytes?: number; items?: number }): void {
    this.#inner.total(amount)
  }

  advance(amount: { bytes?: number; items?: number }): void {
    this.#inner.advance(amount)
  }

  warn(message: string): void {
    this.#inner.warn(message)
  }

  done(): void {
    this.#close()
  }

  /** Stages that are over, in order. */
  times(): readonly TimedStage[] {
    return [...this.#done]
  }

  /** Ends the stage that runs, so that its time is known. */
  #close(): void {
    if (!this.#current) return
    const { name, since } = this.#current
    this.#done.push({ name, ms: this.#clock.monotonicMs() - since })
    this.#current = null
  }
}
