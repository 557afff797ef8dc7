import { setTimeout as sleep } from 'node:timers/promises'
import { EcomdbError, type ExitStatus } from '#core/errors'
import { adviceAfterInterrupt, cleanUpAfterInterrupt } from '#core/interruption'
import { drainOutput } from './output.ts'
import { printError } from './render-error.ts'

/** A clean-up that hangs must not keep the program: after this it leaves, and says so. */
const CLEAN_UP_LIMIT_MS = 30_000

/**
 * Cleans up after an error that nobody awaited.
 *
 * @returns the exit status
 */
export async function endCrashed(error: unknown, json: boolean): Promise<ExitStatus> {
  await cleanUpInTime()
  const status = printError(error, json)
  await drainOutput()
  return status
}

/**
 * Cleans up after a signal and tells how that went.
 *
 * @returns the exit status
 */
export async function endInterrupted(signal: string, json: boolean): Promise<ExitStatus> {
  const advice = adviceAfterInterrupt()
  const { done, failed } = await cleanUpInTime()
  const error = new EcomdbError('INTERRUPTED', {
    what: `stopped by ${signal}`,
    why: verdict(done, failed, advice.length > 0),
    hints: [...(failed.length ? ['run `ecomdb doctor` to see what is left'] : []), ...advice],
  })
  const status = printError(error, json)
  await drainOutput()
  return status
}

async function cleanUpInTime(): Promise<{ done: number; failed: string[] }> {
  return await Promise.race([
    cleanUpAfterInterrupt(),
    sleep(CLEAN_UP_LIMIT_MS, { done: 0, failed: ['cleaning up took too long'] }),
  ])
}

function verdict(done: number, failed: readonly string[], stays: boolean): string {
  if (failed.length) return `not everything was cleaned up: ${failed.join('; ')}`
  if (stays) return 'what was done so far stays'
  return done ? 'what was begun was cleaned up' : 'there was nothing to clean up'
}
