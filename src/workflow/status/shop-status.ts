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
    return { count: new Set(recipients).size, isAccepted, of: 'new backups' }
  }
  const { snapshots } = await (await openRepository(source)).listSnapshots(trustedSigners)
  return { count: new Set(snapshots.at(-1)?.recipients).size, isAccepted, of: 'the newest backup' }
}

/** Tells whoever `notify:` names of what is new, and of what is over. */
export async function notifyStatus(
  { config, schedule, clock }: ShopStatusOptions,
  status: ShopStatus,
): Promise<{ notices: number; sent: string[]; failed: string[] }> {
  const { notify } = config
  const { files } = schedule
  return await notifyProblems({ notify, files, clock }, status.problems, '')
}
