import { notifyProblems } from '../notify/notify-problems.ts'
import { sendHeartbeat } from '../notify/send-notices.ts'
import { listSchedule } from './list-schedule.ts'
import type { ScheduleContext } from './schedule-context.ts'
import type { Look } from './schedule-files.ts'

/** Longer than from one look a day to the next. */
const LOOK_HOLDS_MS = 26 * 3_600_000

/**
 * Tells of jobs in trouble, and sends the heartbeat while there is none, and the last look of `ecomdb status
 * --notify` found nothing either: whoever waits for it notices, too, when this host is gone, or nobody looks any more.
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
  const isWell =
    problems.length === 0 && foundNothing(await files.readLook(), clock.now().getTime())
  const missed =
    heartbeat && isWell && notify.heartbeatFile ? await sendHeartbeat(notify.heartbeatFile) : null
  return [...failed, ...(missed === null ? [] : [missed])]
}

/**
 * What was found long ago says nothing: a timer that is off, or a look that always fails, leaves it as it is. Nor do
 * jobs that go well where nobody has ever looked: of what has vanished, or is too old, no job tells.
 */
function foundNothing(look: Look | null, now: number): boolean {
  return look !== null && look.problems.length === 0 && Math.abs(now - look.at) < LOOK_HOLDS_MS
}
