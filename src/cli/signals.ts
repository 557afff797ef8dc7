import { signalsAreLeftToProgram } from '#core/interruption'

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
type Signal = keyof typeof SIGNALS

let interrupted = false

/** Once a signal came, the command's own end prints nothing more: the handler ends the program. */
export function isInterrupted(): boolean {
  return interrupted
}

/** The first signal cleans up and exits 130; a second one exits at once. */
export function handleSignals(json: boolean): void {
  for (const [signal, number] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      if (signalsAreLeftToProgram()) return
      if (interrupted) process.exit(128 + number)
      interrupted = true
      void leave(signal as Signal, json)
    })
  }
}

/**
 * An error that nobody awaited (a stream's, a worker's) ends the program like any other: one
 * document, cleaned up. Node alone would print a stack and leave everything behind.
 */
export function handleCrashes(json: boolean): void {
  process.on('uncaughtException', error => {
    if (interrupted) return
    interrupted = true
    void import('./end-interrupted.ts').then(async ({ endCrashed }) => {
      process.exit(await endCrashed(error, json))
    })
  })
}

async function leave(signal: Signal, json: boolean): Promise<void> {
  process.stderr.write(`\n${signal}: cleaning up; once more to leave at once\n`)
  const { endInterrupted } = await import('./end-interrupted.ts')
  process.exit(await endInterrupted(signal, json))
}
