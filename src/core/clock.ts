/** Injected wherever time matters, so that tests can set it back (never the machine's). */
export interface Clock {
  now(): Date
  /** Milliseconds from an arbitrary start; never goes back. For durations. */
  monotonicMs(): number
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
}
