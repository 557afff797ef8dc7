import { EcomdbError } from '#core/errors'
import { hasCrontabBlock } from '#domain/schedule/service-files'
import { onPath } from '#process/program'
import { runProgram } from '#process/run-program'

/** @throws EcomdbError TOOL_MISSING without cron */
export async function currentCrontab(): Promise<string> {
  // Exit 1: this user has none yet.
  const { status, stdout } = await runProgram(onPath('crontab'), ['-l'], { accept: [0, 1] })
  return status === 0 ? stdout.toString('utf8') : ''
}

/** Has this user's crontab the lines of a configuration? Where there is no cron: no. */
export async function isInCrontab(key: string): Promise<boolean> {
  try {
    return hasCrontabBlock(await currentCrontab(), key)
  } catch (error) {
    // crontab(1) refuses whom cron.allow does not name; such a user has no lines either.
    if (error instanceof EcomdbError) return false
    throw error
  }
}
