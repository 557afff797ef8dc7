import type { Clock } from '#core/clock'

/** What comes again and again. */
export interface Recurring {
  /** crontab(5), with seconds before the minutes. */
  at: string
  run: () => Promise<unknown>
}

/** So often the clock is looked at. */
const LOOK_MS = 1_000

/**
 * Runs each again and again, none beside itself. node-cron says when; it is asked anew at each look, and its own timers
 * are not used: where the clock is put back they wait for as long as it was ahead, and behind a host that was asleep
 * for a month they go through half a million moments one by one, for minutes, in which nothing else runs.
 *
 * @returns ends them
 */
export async function keepTicking(
  clock: Clock,
  ...recurring: readonly Recurring[]
): Promise<() => Promise<void>> {
  const { createTask } = await import('node-cron')
  const looks = recurring.map(({ at, run }) => {
    const task = createTask(at, run)
    const nextMs = (): number => task.getNextRuns(1)[0]?.getTime() ?? Number.POSITIVE_INFINITY
    let dueMs = nextMs()
    let isRunning = false
    const look = async (): Promise<void> => {
      const isDue = clock.now().getTime() >= dueMs
      dueMs = nextMs()
      if (!isDue || isRunning) return
      isRunning = true
      await run().finally(() => {
        isRunning = false
      })
    }
    return { task, look }
  })
  const timer = setInterval(() => {
    for (const { look } of looks) void look()
  }, LOOK_MS)
  return async () => {
    clearInterval(timer)
    for (const { task } of looks) await task.destroy()
  }
}
