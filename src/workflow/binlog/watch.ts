import type { Clock } from '#core/clock'
import { QUICK_MS } from '#domain/binlog/unseen'
import type { BinlogServer } from '#engine/binlog'

/** The server says in whole seconds for how long it is up. */
const ROUNDED_MS = 2000

/**
 * Since when this process has looked at the server again and again. While it stood still, as with its machine (a VM that was paused, a
 * laptop that was closed), it has not: a server that was started meanwhile may have been up without its log before.
 */
export class Watch {
  readonly #clock: Clock
  #sinceMs: number | null = null
  /** By the host's clocks: one of them may stand still with the machine. */
  #beat: { wallMs: number; monotonicMs: number }
  /** By the host's clock: the last look before a pause, since when no answer has come. */
  #pausedMs: number | null = null

  constructor(clock: Clock) {
    this.#clock = clock
    this.#beat = this.#now()
  }

  /** Milliseconds since 1970 by the server's clock; of now where it was not reached yet. */
  get sinceMs(): number {
    return this.#sinceMs ?? this.#beat.wallMs
  }

  /** To be called while it looks. */
  beat(): void {
    const [before, now] = [this.#beat, this.#now()]
    this.#beat = now
    const [wallMs, monotonicMs] = [now.wallMs - before.wallMs, now.monotonicMs - before.monotonicMs]
    if (Math.max(wallMs, monotonicMs) > QUICK_MS) this.#pausedMs ??= before.wallMs
  }

  /** By a session that was there before: its server was up all the time. */
  answered(): void {
    this.beat()
    this.#pausedMs = null
  }

  /** By a new session. */
  reached({ timeUs, startedUs }: Pick<BinlogServer, 'timeUs' | 'startedUs'>): void {
    this.beat()
    const agoMs = this.#beat.wallMs - (this.#pausedMs ?? Number.NEGATIVE_INFINITY)
    const wasStarted = (timeUs - startedUs) / 1000 < agoMs + ROUNDED_MS
    if (this.#sinceMs === null || (this.#pausedMs !== null && wasStarted))
      this.#sinceMs = timeUs / 1000
    this.#pausedMs = null
  }

  #now(): { wallMs: number; monotonicMs: number } {
    return { wallMs: this.#clock.now().getTime(), monotonicMs: this.#clock.monotonicMs() }
  }
}
