import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { packageRoot } from '#core/paths'

/** How runEcomdb tells the end of what was started with dyingAt. */
export const KILLED = 137

/**
 * For the environment of an ecomdb with --progress=json: it is killed as a step begins.
 * A signal from outside comes later, on a busy machine when the step is over, or all of them.
 */
export function dyingAt(
  step: string,
  by: 'SIGKILL' | 'SIGINT' = 'SIGKILL',
): Record<string, string> {
  const preloaded = pathToFileURL(join(packageRoot(), 'test/support/die-at.ts'))
  return {
    NODE_OPTIONS: `--import=${preloaded}`,
    ECOMDB_TEST_DIE_AT: step,
    ECOMDB_TEST_DIE_BY: by,
  }
}
