import { EXIT, type ExitStatus } from '#core/errors'
import { signalsAreLeftToProgram } from '#core/interruption'
// Not when it is needed: where ecomdb is upgraded while it runs, it is gone by then.
import { endCrashed, endInterrupted } from './end-interrupted.ts'
import { hasPrintedDocument } from './output.ts'

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const
type Signal = keyof typeof SIGNALS

let interrupted = false
/** A signal came when all was done. */
let isLate = false

/** Once a signal came, the command's own end prints nothing more: the handler ends the program. */
export function isInterrupted(): boolean {
  return interrupted
}

/** The first signal cleans up and exits 130; a second one exits at once. */
export function handleSignals(json: boolean): void {
  for (const [signal, number] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      if (signalsAreLeftToProgram()) return
      if (interrupted || isLate) process.exit(128 + number)
      // The work has ended, and a slow reader has still to take what it was told.
      isLate = hasPrintedDocument()
      if (isLate) return
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
    void leaveCrashed(error, json)
  })
}

/** What failed here would be an exception that nobody awaited, once more, and the program's end a success. */
async function leaveCrashed(error: unknown, json: boolean): Promise<void> {
  const gaveUp = (): ExitStatus => EXIT.BUG
  process.exit(await endCrashed(error, json && !hasPrintedDocument()).catch(gaveUp))
}

async function leave(signal: Signal, json: boolean): Promise<void> {
  process.stderr.write(`\n${signal}: cleaning up; once more to leave at once\n`)
  const gaveUp = (): ExitStatus => EXIT.INTERRUPTED
  process.exit(await endInterrupted(signal, json).catch(gaveUp))
}
