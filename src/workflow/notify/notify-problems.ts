import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NotifyConfig } from '#config/config'
import type { Clock } from '#core/clock'
import {
  decideNotices,
  NOTHING_TOLD,
  type Problem,
  type ToldNotices,
} from '#domain/notify/decide-notices'
import { withExclusiveLock } from '#process/exclusive-lock'
import type { ScheduleFiles } from '../schedule/schedule-files.ts'
import { sendNotices } from './send-notices.ts'

const TOLD_FILE = 'told.json'

/**
 * Tells of problems that are new, go on or are over, once however many processes look. What was
 * told is written down after it was sent: a notice may come twice, and is never lost.
 *
 * @param scope the beginning of the keys that the caller knows all about
 * @returns what was sent by which way, and what did not work
 */
export async function notifyProblems(
  { notify, files, clock }: { notify: NotifyConfig | null; files: ScheduleFiles; clock: Clock },
  problems: readonly Problem[],
  scope: string,
): Promise<{ notices: number; sent: string[]; failed: string[] }> {
  if (!notify) return { notices: 0, sent: [], failed: [] }
  const name = `notices ${files.key}`
  return await withExclusiveLock({ name, waitMs: 120_000 }, async () => {
    const told = await readTold(files)
    const now = clock.now().getTime()
    const decided = decideNotices(told, problems, { now, repeatMs: notify.repeatMs, scope })
    if (decided.notices.length === 0) return { notices: 0, sent: [], failed: [] }
    const result = await sendNotices(notify, decided.notices)
    // One that nobody got is tried again the next time.
    if (result.sent.length > 0) await files.write(TOLD_FILE, decided.told)
    return { notices: decided.notices.length, ...result }
  })
}

async function readTold({ folder }: ScheduleFiles): Promise<ToldNotices> {
  try {
    const told = JSON.parse(await readFile(join(folder, TOLD_FILE), 'utf8')) as ToldNotices
    return told.format === 1 ? told : NOTHING_TOLD
  } catch {
    return NOTHING_TOLD
  }
}
