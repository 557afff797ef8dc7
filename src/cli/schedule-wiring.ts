import { join } from 'node:path'
import type { Config } from '#config/config'
import { systemClock } from '#core/clock'
import { packageRoot } from '#core/paths'
import type { Progress } from '#core/progress'
import type { RecoveryPolicy } from '#domain/retention/recovery-policy'
import type { ProgramCommand } from '#process/program'
import type { MonthlyOptions } from '#workflow/report/report-monthly'
import { CopyPresence } from '#workflow/schedule/copy-presence'
import {
  type ScheduleContext,
  type ScheduleEvent,
  worksBy,
} from '#workflow/schedule/schedule-context'
import { ScheduleFiles } from '#workflow/schedule/schedule-files'
import type { ShopStatusOptions } from '#workflow/status/shop-status'
import { wire } from './wire.ts'

/** What the scheduler works with: this very program, the configured server and copies. */
export function scheduleContext(
  config: Config,
  policy: RecoveryPolicy & { file: string },
  onEvent: (event: ScheduleEvent) => void = () => {},
): ScheduleContext {
  const openCopy = (name: string) => wire.openCopy(config, name)
  const isBucket = (name: string) =>
    config.copies.some(copy => copy.name === name && copy.place.s3 !== undefined)
  return {
    ...{ config, policy, files: new ScheduleFiles(config), clock: systemClock, onEvent },
    program: ownProgram(),
    openCopy,
    presence: new CopyPresence(openCopy, isBucket, systemClock),
    lockOnServer: job => lockOnServer(config, job),
    readWorksBy: () => readWorksBy(config),
  }
}

/** A file that is being edited may be wrong for a moment. */
async function readWorksBy({ file }: Config): Promise<string | null> {
  if (file === null) return null
  const { loadConfig } = await import('#config/load-config')
  return await loadConfig({ file, environment: process.env }).then(worksBy, () => null)
}

/** How this very ecomdb is started. */
function ownProgram(): ProgramCommand {
  // The options of Node that bin/ecomdb has given.
  const args = [...process.execArgv, join(packageRoot(), 'bin', 'run.js')]
  return { file: process.execPath, args, env: {} }
}

/** For `ecomdb report monthly`. */
export function monthlyOptions(
  config: Config,
  policy: RecoveryPolicy,
  { month, again }: { month?: string | undefined; again: boolean },
  progress: Progress,
): MonthlyOptions {
  const folder = reportsFolder(config)
  return {
    config,
    policy,
    program: ownProgram(),
    folder,
    month,
    again,
    clock: systemClock,
    progress,
  }
}

/** Where no folder is named: in a place that the account of the jobs may write for sure. */
export function reportsFolder(config: Config): string {
  return config.reportsDirectory ?? join(new ScheduleFiles(config).folder, 'reports')
}

/** For `ecomdb status`. */
export async function shopStatusOptions(
  schedule: ScheduleContext,
  askServer: boolean | null,
): Promise<ShopStatusOptions> {
  const { config, policy, openCopy, clock } = schedule
  return { source: await wire.target(config), config, policy, openCopy, clock, schedule, askServer }
}

async function lockOnServer(config: Config, job: string): Promise<(() => Promise<void>) | null> {
  const { engine, connect } = await wire.server(config)
  const session = await engine.connect({ ...connect, database: undefined })
  if (await engine.jobLock.take(session, job)) return () => session.close()
  await session.close()
  return null
}

/** A line for the journal, or a JSON object where events are asked for. */
export function printEvent(mode: unknown, quiet: boolean): (event: ScheduleEvent) => void {
  return event => {
    if (mode === 'json') process.stderr.write(`${JSON.stringify(event)}\n`)
    else if (!quiet || event.event === 'warning') {
      process.stderr.write(
        `${event.at.slice(0, 19)}Z ${event.job}: ${event.event}: ${event.text}\n`,
      )
    }
  }
}
