import { notifyProblems } from '../notify/notify-problems.ts'
import { sendHeartbeat } from '../notify/send-notices.ts'
import { listSchedule } from './list-schedule.ts'
import type { ScheduleContext } from './schedule-context.ts'

/**
 * Tells of jobs in trouble, and sends the heartbeat while there is none, and the last look of `ecomdb status
 * --notify` found nothing either: whoever waits for it notices, too, when this host is gone.
 *
 * @returns what did not work, in words
 */
export async function tellSchedule(
  context: ScheduleContext,
  { heartbeat }: { heartbeat: boolean },
): Promise<string[]> {
  const { notify } = context.config
  if (!notify) return []
  const { problems } = await listSchedule(context)
  const { files, clock } = context
  const { failed } = await notifyProblems({ notify, files, clock }, problems, 'schedule ')
  const isWell = problems.length === 0 && ((await files.readLook())?.problems ?? []).length === 0
  const missed =
    heartbeat && isWell && notify.heartbeatFile ? await sendHeartbeat(notify.heartbeatFile) : null
  return [...failed, ...(missed === null ? [] : [missed])]
}
