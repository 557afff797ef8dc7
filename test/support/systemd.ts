import { EcomdbError } from '#core/errors'
import { onPath } from '#process/program'
import { runProgram } from '#process/run-program'

const ANALYZE = onPath('systemd-analyze')

/**
 * Why units cannot be checked here; null where they can be. A systemd-analyze that is there and does
 * not work is a failure, and no reason to skip.
 */
export async function whyNoSystemd(): Promise<string | null> {
  try {
    await runProgram(ANALYZE, ['--version'])
    return null
  } catch (error) {
    if (error instanceof EcomdbError && error.code === 'TOOL_MISSING') return error.message
    throw error
  }
}

/** What systemd finds wrong with the units; '' for nothing. */
export async function verifyUnits(files: readonly string[]): Promise<string> {
  return (await runProgram(ANALYZE, ['verify', '--man=no', ...files])).stderr
}
