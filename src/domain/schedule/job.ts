import type { HostRoleName, Job } from '../host-role.ts'
import type { CronTime } from './cron-time.ts'

/** What the policy can schedule; a copy's name is added to `copy`. */
export const JOB_NAMES = [
  'logical',
  'physical',
  'binlog',
  'copy',
  'verify',
  'expire',
  'drill',
  'seal',
  'access',
  'reports',
] as const
export type JobName = (typeof JOB_NAMES)[number]

/** One job of the policy's `schedule`, with its defaults. Milliseconds. */
export interface JobSettings {
  when:
    | { kind: 'at'; time: CronTime }
    /** It runs until it is stopped, and is started again when it ends. */
    | { kind: 'always' }
    /** When the copy's disk appears, and so often while it stays. */
    | { kind: 'appears'; everyMs: number }
  /** Up to so much later, another one each time: hosts and jobs do not all begin at once. */
  jitterMs: number
  /** A run that takes longer is ended. */
  limitMs: number
  /** How often a run that failed is tried again, and how long after; each wait is twice the last. */
  retries: number
  retryAfterMs: number
  /** Words of the job's own after those of its command. */
  words?: readonly string[]
}

export interface Schedule {
  /** An IANA name, in which `at` is meant. */
  timeZone: string
  jobs: ReadonlyMap<JobName, JobSettings>
}

/** A job of this host: what is started, and when. */
export interface ScheduledJob extends JobSettings {
  /** `logical`, `copy-disks`: its name in commands, files and units. */
  id: string
  name: JobName
  /** The words after `ecomdb`. */
  argv: readonly string[]
  timeZone: string
  host: HostRoleName
  /** It works on the server, so that another host could do the same at the same time. */
  usesServer: boolean
  /** Jobs of one lane run one after another. */
  lane: string
  /** The copy that it waits for. */
  copy: string | null
}

interface JobWork {
  argv: readonly string[]
  /** What is added where the job stays, and where it is looked in on. */
  stays?: readonly string[]
  looksIn?: readonly string[]
  /** Which rule of `runs_on` says where. */
  runsOn: Job
  usesServer: boolean
  /** Jobs of one lane run one after another: a revocation does not wait for a backup. */
  lane: 'server' | 'repository' | 'own'
}

/** What each job does. Those with a lock of their own on the server need none of ours. */
const JOB_WORK: Readonly<Record<JobName, JobWork>> = {
  logical: { argv: ['backup', 'logical'], runsOn: 'backup', usesServer: true, lane: 'server' },
  physical: { argv: ['backup', 'physical'], runsOn: 'backup', usesServer: true, lane: 'server' },
  binlog: {
    ...{ argv: ['backup', 'binlog'], looksIn: ['--once'] },
    ...{ runsOn: 'backup', usesServer: false, lane: 'own' },
  },
  copy: { argv: ['backup', 'copy', '--to'], runsOn: 'copy', usesServer: false, lane: 'repository' },
  verify: { argv: ['backup', 'verify'], runsOn: 'verify', usesServer: false, lane: 'repository' },
  expire: {
    ...{ argv: ['backup', 'expire', '--confirm'] },
    ...{ runsOn: 'expire', usesServer: false, lane: 'repository' },
  },
  drill: {
    ...{ argv: ['drill', '--turn', '--any-moment'] },
    ...{ runsOn: 'drill', usesServer: false, lane: 'repository' },
  },
  seal: {
    ...{ argv: ['audit', 'seal'], stays: ['--follow'] },
    ...{ runsOn: 'seal', usesServer: false, lane: 'own' },
  },
  access: { argv: ['access', 'expire'], runsOn: 'access', usesServer: false, lane: 'own' },
  reports: { argv: ['report', 'monthly'], runsOn: 'reports', usesServer: false, lane: 'own' },
}

/** Where no scheduler stays, a job that always runs catches up and ends. */
export function whenLookedIn(job: ScheduledJob): ScheduledJob {
  const { argv, looksIn = [] } = JOB_WORK[job.name]
  return job.when.kind === 'always' ? { ...job, argv: [...argv, ...looksIn] } : job
}

/**
 * The jobs that a host has to run, in the policy's order; `copy` once for each copy of the
 * configuration.
 *
 * @param runsOn which host does which job, by the policy; and what this host is
 */
export function jobsOfHost(
  { timeZone, jobs }: Schedule,
  runsOn: Readonly<Record<Job, HostRoleName>>,
  { host, copies }: { host: HostRoleName | 'all'; copies: readonly string[] },
): ScheduledJob[] {
  return [...jobs].flatMap(([name, settings]): ScheduledJob[] => {
    const work = JOB_WORK[name]
    const own = runsOn[work.runsOn]
    if (host !== 'all' && host !== own) return []
    const stays = settings.when.kind === 'always' ? (work.stays ?? []) : []
    const argv = [...work.argv, ...stays, ...(settings.words ?? [])]
    const lane = work.lane === 'own' ? name : work.lane
    const job = { ...settings, name, timeZone, host: own, usesServer: work.usesServer, lane }
    if (name !== 'copy') return [{ ...job, id: name, argv, copy: null }]
    return copies.map(copy => ({ ...job, id: `copy-${copy}`, argv: [...argv, copy], copy }))
  })
}
