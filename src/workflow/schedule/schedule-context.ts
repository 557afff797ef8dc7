import { createHash } from 'node:crypto'
import type { Config } from '#config/config'
import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import type { RecoveryPolicy } from '#domain/retention/recovery-policy'
import { jobsOfHost, type ScheduledJob } from '#domain/schedule/job'
import type { ProgramCommand } from '#process/program'
import type { Target } from '#target/target'
import type { CopyPresence } from './copy-presence.ts'
import type { ScheduleFiles } from './schedule-files.ts'

export interface ScheduleContext {
  config: Config
  policy: RecoveryPolicy & { file: string }
  files: ScheduleFiles
  /** How this ecomdb is started. */
  program: ProgramCommand
  openCopy: (name: string) => Promise<Target>
  presence: CopyPresence
  /** Takes the server's lock of a job; null when another host has it. */
  lockOnServer: (job: string) => Promise<(() => Promise<void>) | null>
  clock: Clock
  onEvent: (event: ScheduleEvent) => void
  /** What ecomdb.yaml says now, in the words of `worksBy`; null: it cannot be read. Missing: nobody looks. */
  readWorksBy?: (() => Promise<string | null>) | undefined
}

/** What a scheduler tells while it works. */
export interface ScheduleEvent {
  /** ISO 8601. */
  at: string
  job: string
  event: 'started' | 'ended' | 'warning'
  text: string
}

/** The jobs of this host. */
export function jobsOf({ config, policy }: Pick<ScheduleContext, 'config' | 'policy'>) {
  const copies = config.copies.map(({ name }) => name)
  return jobsOfHost(policy.schedule, policy.runsOn, { host: config.runsOn, copies })
}

/** Names what a scheduler works by: one that stays has read it when it was started. */
export function planOf(context: Pick<ScheduleContext, 'config' | 'policy'>): string {
  const { notify, copies } = context.config
  const plan = JSON.stringify({ jobs: jobsOf(context), notify, copies })
  return createHash('sha256').update(plan).digest('hex').slice(0, 12)
}

/** Names what a job that never ends works by: it has read it when it was begun. */
export function worksBy({ keys, target, server, audit }: Config): string {
  const { recipients, signingKeyFile, dedupKeyFile, trustedSigners } = keys
  const own = { recipients, signingKeyFile, dedupKeyFile, trustedSigners }
  const { password: _, ...place } = server
  return JSON.stringify({ keys: own, target: target.place, server: place, audit })
}

/** @throws EcomdbError USAGE, with the jobs that there are */
export function jobNamed(context: ScheduleContext, id: string): ScheduledJob {
  const jobs = jobsOf(context)
  const job = jobs.find(one => one.id === id)
  if (job) return job
  throw new EcomdbError('USAGE', {
    what: `this host has no job ${id}`,
    why: jobs.length
      ? `its jobs are ${jobs.map(one => one.id).join(', ')}`
      : `${context.policy.file} schedules nothing for it`,
    hints: ['`ecomdb schedule list` shows the jobs'],
  })
}

/** Is the disk of a job's copy here? Of a job that waits for none: yes. */
export async function isPresent(
  { copy }: ScheduledJob,
  { presence }: Pick<ScheduleContext, 'presence'>,
): Promise<boolean> {
  return copy === null || (await presence.of(copy)) === 'here'
}
