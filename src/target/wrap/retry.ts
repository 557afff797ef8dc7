import { setTimeout as sleep } from 'node:timers/promises'
import { isLastWord, throwIfInterrupted } from '#core/interruption'

export interface RetryOptions {
  /** Tries in all. */
  attempts: number
  /** Wait before the second try; each further wait is twice as long. */
  firstWaitMs: number
  longestWaitMs: number
  /** Behind so long no other try begins: a silent one takes a minute by itself. Missing: they are counted only. */
  giveUpAfterMs?: number
}

/** About a minute in all, two where there is no answer: a gateway that is restarted comes back within it. */
export const STORAGE_RETRY: RetryOptions = {
  attempts: 9,
  firstWaitMs: 250,
  longestWaitMs: 20_000,
  giveUpAfterMs: 100_000,
}

/**
 * Tries again what failed for a reason that may pass. The waits are spread by up to a half, so
 * that many that failed together do not come back together.
 *
 * @param operation is told which try it is, from 1
 * @param mayPass decides by the error; a refusal (403) must never pass
 * @throws the last error
 */
export async function retry<T>(
  operation: (attempt: number) => Promise<T>,
  mayPass: (error: unknown) => boolean,
  { attempts, firstWaitMs, longestWaitMs, giveUpAfterMs }: RetryOptions,
): Promise<T> {
  const begunMs = performance.now()
  for (let attempt = 1; ; attempt += 1) {
    throwIfInterrupted()
    try {
      return await operation(attempt)
    } catch (error) {
      // Two tries at least: the first of a large body may take longer by itself.
      const isLate = attempt > 1 && performance.now() - begunMs >= (giveUpAfterMs ?? Infinity)
      if (attempt >= attempts || isLate || isLastWord() || !mayPass(error)) throw error
      const wait = Math.min(firstWaitMs * 2 ** (attempt - 1), longestWaitMs)
      await sleep(wait * (1 - Math.random() / 2))
    }
  }
}
