import type { Clock } from '#core/clock'

/** What comes again and again. */
export interface Recurring {
  /** crontab(5), with seconds before the minutes. */
  at: string
  run: () => Promise<unknown>
}

/** Some times as long as from one tick to the next. */
const STALLED_MS = 20_000

/**
 * Runs each again and again. node-cron waits until the clock shows the moment that it has reckoned: where the clock is put
 * back (it was ahead until it heard of the time), that is for as long as it was ahead. So all begin anew where the
 * first has not come for long, by the clock that nobody puts back.
 *
 * @param first the one that comes most often
 * @returns ends them
 */
export async function keepTicking(
  { monotonicMs }: Clock,
  first: Recurring,
  ...others: readonly Recurring[]
): Promise<() => Promise<void>> {
  const { schedule } = await import('node-cron')
  let cameMs = monotonicMs()
  const ticking = async (): Promise<unknown> => {
    cameMs = monotonicMs()
    return await first.run()
  }
  const begin = () =>
    [{ ...first, run: ticking }, ...others].map(({ at, run }) =>
      schedule(at, run, { noOverlap: true }),
    )
  let tasks = begin()
  const end = async (): Promise<void> => {
    for (const task of tasks) await task.destroy()
  }
  const watch = setInterval(async () => {
    if (monotonicMs() - cameMs < STALLED_MS) return
    cameMs = monotonicMs()
    await end()
    tasks = begin()
  }, STALLED_MS / 4)
  return async () => {
    clearInterval(watch)
    await end()
  }
}
