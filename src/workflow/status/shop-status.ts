import { replacedRecipients } from '#config/replaced-recipients'
import { EcomdbError, messageOf } from '#core/errors'
import { wrongRecipient } from '#crypto/age-file'
import type { Problem } from '#domain/notify/decide-notices'
import { type ShopStatus, type StatusKeys, shopStatus } from '#domain/status/shop-status'
import { openRepository } from '#repository/repository'
import { showWindow } from '../binlog/show-window.ts'
import { notifyProblems } from '../notify/notify-problems.ts'
import { listSchedule } from '../schedule/list-schedule.ts'
import type { ScheduleContext } from '../schedule/schedule-context.ts'
import { askServer } from './ask-server.ts'
import { backupStatus, type StatusOptions } from './backup-status.ts'
import { drillHistory } from './drill-history.ts'

export interface ShopStatusOptions extends StatusOptions {
  schedule: ScheduleContext
  /** Ask the server as well; null: where this host's schedule has jobs of access or audit. */
  askServer: boolean | null
}

/** `ecomdb status`: from signed files and this host's state, and from the server where it is asked. */
export async function readShopStatus(options: ShopStatusOptions): Promise<ShopStatus> {
  const { source, config, policy, clock, schedule } = options
  const { trustedSigners } = config.keys
  const jobs = await listSchedule(schedule)
  const asks = options.askServer ?? jobs.jobs.some(({ id }) => id === 'seal' || id === 'access')
  return shopStatus({
    now: clock.now(),
    copies: await backupStatus(options),
    window: await showWindow(source, trustedSigners),
    drills: (await drillHistory(source, trustedSigners)).drills,
    objectives: policy.objectives,
    formerServers: policy.brake.formerServers,
    schedule: jobs,
    recipients: await keysThatOpen(options),
    server: asks ? await askServer(schedule) : [],
  })
}

/** A host that makes no backups need not know for whom they are: the signed envelopes say it. */
async function keysThatOpen({ source, config }: ShopStatusOptions): Promise<StatusKeys> {
  const { recipients, singleRecipient, trustedSigners } = config.keys
  const isAccepted = singleRecipient === true
  if (config.runsOn === 'all' || config.runsOn === 'database' || recipients.length > 0) {
    const wrong = await wrongRecipient(recipients)
    const replaced = replacedRecipients(config.file, recipients)
    return { count: new Set(recipients).size, isAccepted, of: 'new backups', wrong, replaced }
  }
  const { snapshots } = await (await openRepository(source)).listSnapshots(trustedSigners)
  return {
    count: new Set(snapshots.at(-1)?.recipients).size,
    isAccepted,
    of: 'the newest backup',
    wrong: null,
    replaced: [],
  }
}

/** Tells whoever `notify:` names of what is new, and of what is over. */
export async function notifyStatus(
  schedule: ScheduleContext,
  status: ShopStatus,
): Promise<{ notices: number; sent: string[]; failed: string[] }> {
  return await tellLook(schedule, status.problems, '')
}

/**
 * Looks, and tells of a look that failed as well: while the repository is not there nothing else would, until a job
 * wants it.
 *
 * @throws what the look throws
 */
export async function lookOrTell<Result>(
  schedule: ScheduleContext,
  look: () => Promise<Result>,
  warn: (text: string) => void,
): Promise<Result> {
  try {
    return await look()
  } catch (error) {
    if (!(error instanceof EcomdbError) || error.code === 'INTERRUPTED') throw error
    const { code, message, hints } = error
    const what = `\`ecomdb status\` cannot look: ${code}: ${message}`
    const told = await tellLook(schedule, [{ key: 'look', what, next: hints }], 'look').catch(
      (untold: unknown) => ({ failed: [messageOf(untold)] }),
    )
    for (const failure of told.failed) warn(failure)
    throw error
  }
}

/**
 * What was found is written down first, for the heartbeat, which needs no other way to tell by. Where that cannot be
 * (a disk that is full), it is told even so.
 *
 * @throws EcomdbError STORAGE_FAILED when it was told
 */
async function tellLook(
  { config, files, clock }: ScheduleContext,
  problems: readonly Problem[],
  scope: string,
): Promise<{ notices: number; sent: string[]; failed: string[] }> {
  const keys = problems.map(({ key }) => key).filter(key => !key.startsWith('schedule '))
  const { notify } = config
  if (!notify) return { notices: 0, sent: [], failed: [] }
  const look = { format: 1, at: clock.now().getTime(), problems: keys } as const
  const unwritten = await files.writeLook(look).then(() => null, asStateProblem)
  const all = unwritten ? [...problems, unwritten.problem] : problems
  const told = await notifyProblems({ notify, files, clock }, all, scope)
  if (unwritten) throw unwritten.error
  return told
}

function asStateProblem(error: unknown): { problem: Problem; error: EcomdbError } {
  if (!(error instanceof EcomdbError)) throw error
  return { problem: { key: 'look state', what: error.message, next: error.hints }, error }
}
