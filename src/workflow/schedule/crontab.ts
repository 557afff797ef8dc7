import { EcomdbError } from '#core/errors'
import { hasCrontabBlock } from '#domain/schedule/service-files'
import { onPath } from '#process/program'
import { runProgram } from '#process/run-program'

/**
 * A crontab is written as a whole: one that could not be read must not be taken for none, or its other lines are lost.
 *
 * @throws EcomdbError TOOL_MISSING without cron; TOOL_FAILED where it cannot be read
 */
export async function currentCrontab(): Promise<string> {
  const { status, stdout, stderr } = await runProgram(onPath('crontab'), ['-l'], { accept: [0, 1] })
  if (status === 0) return stdout.toString('utf8')
  if (SAYS_NONE.test(stderr)) return ''
  throw new EcomdbError('TOOL_FAILED', {
    what: "this account's crontab cannot be read",
    why: stderr.trim() || '`crontab -l` ended with 1, and said nothing',
    hints: [
      'try `crontab -l`; where there is none yet, `crontab -e` makes one',
      'nothing was changed',
    ],
  })
}

/** "no crontab for ada" (Debian's cron, cronie, dcron), or busybox's "can't open 'ada': No such file or directory". */
const SAYS_NONE = /no f?crontab|no such file/i

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
