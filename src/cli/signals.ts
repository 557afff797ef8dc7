import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError, EXIT } from '#core/errors'
import { cleanUpAfterInterrupt, signalsAreLeftToProgram } from '#core/interruption'
import { drainOutput, printError } from './output.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** A clean-up that hangs must not keep the program: after this it leaves, and says so. */
const CLEAN_UP_LIMIT_MS = 30_000

let interrupted = false

/** Once a signal came, the command's own end prints nothing more: the handler ends the program. */
export function isInterrupted(): boolean {
  return interrupted
}

/** The first signal cleans up and exits 130; a second one exits at once. */
export function handleSignals(json: boolean): void {
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (signalsAreLeftToProgram()) return
      if (interrupted) process.exit(128 + constants.signals[signal])
      interrupted = true
      void leave(signal, json)
    })
  }
}

async function leave(signal: NodeJS.Signals, json: boolean): Promise<void> {
  process.stderr.write(`\n${signal}: cleaning up; once more to leave at once\n`)
  const outcome = await Promise.race([
    cleanUpAfterInterrupt(),
    sleep(CLEAN_UP_LIMIT_MS, { done: 0, failed: ['cleaning up took too long'] }),
  ])
  const { done, failed } = outcome
  const error = new EcomdbError('INTERRUPTED', {
    what: `stopped by ${signal}`,
    why: failed.length
      ? `not everything was cleaned up: ${failed.join('; ')}`
      : done
        ? 'what was begun was cleaned up'
        : 'there was nothing to clean up',
    hints: failed.length ? ['run `ecomdb doctor` to see what is left'] : [],
  })
  printError(error, [], json)
  await drainOutput()
  process.exit(EXIT.INTERRUPTED)
}
