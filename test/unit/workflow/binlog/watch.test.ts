import { expect, test } from 'vitest'
import { Watch } from '#workflow/binlog/watch'

const MINUTE_MS = 60_000

/** The host's two clocks, and a server that was started five minutes before the beginning. */
class Times {
  wallMs = 1_700_000_000_000
  monotonicMs = 5000
  startedMs = this.wallMs - 5 * MINUTE_MS
  readonly watch = new Watch({
    now: () => new Date(this.wallMs),
    monotonicMs: () => this.monotonicMs,
  })

  pass(ms: number, isPaused = false): void {
    this.wallMs += ms
    if (!isPaused) this.monotonicMs += ms
    this.watch.beat()
  }

  reach(): void {
    this.watch.reached({ timeUs: this.wallMs * 1000, startedUs: this.startedMs * 1000 })
  }
}

test.each([true, false])(
  'what was paused has not looked (a clock that stands still: %s)',
  isPaused => {
    const times = new Times()
    times.reach()
    const { sinceMs } = times.watch
    expect(sinceMs).toBe(times.wallMs)
    // An outage during which it looks again and again.
    for (let wait = 0; wait < 20; wait += 1) times.pass(30_000)
    times.startedMs = times.wallMs
    times.reach()
    expect(times.watch.sinceMs).toBe(sinceMs)

    // The server was up all the time.
    times.pass(10 * MINUTE_MS, isPaused)
    times.watch.answered()
    times.pass(10 * MINUTE_MS, isPaused)
    times.reach()
    expect(times.watch.sinceMs).toBe(sinceMs)

    times.startedMs = times.wallMs
    times.pass(10 * MINUTE_MS, isPaused)
    times.pass(1000)
    times.reach()
    expect(times.watch.sinceMs).toBe(times.wallMs)
  },
)
