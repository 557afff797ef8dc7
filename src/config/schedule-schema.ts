import { z } from 'zod'
import { DURATION, durationMs } from '#core/duration'
import { parseCronTime } from '#domain/schedule/cron-time'
import { JOB_NAMES, type JobName, type JobSettings, type Schedule } from '#domain/schedule/job'
import { isZone } from '#domain/time-zone'

/** `schedule:` of policies/recovery.yaml. */

const time = (description: string) =>
  z.string().regex(DURATION, 'a length of time like 36h or 8d').describe(description).optional()

const at = z
  .string()
  .refine(text => parseCronTime(text) !== null, 'a time like "30 1 * * *" (crontab(5))')
  .describe('minute, hour, day of month, month, weekday, as in crontab(5)')

const running = {
  jitter: time('begin up to so much later, so that not everything begins at once (default 0s)'),
  limit: time('a run that takes longer is ended (default 24h)'),
  retries: z
    .int()
    .min(0)
    .max(20)
    .optional()
    .describe('how often a run that failed is tried again (default 3)'),
  retry_after: time('how long after; each wait is twice the last (default 5m)'),
}

const cloneFolder = z
  .string()
  .regex(/^\//, 'an absolute path')
  .optional()
  .describe(
    "MySQL, where the job runs as root: a folder that belongs to the server's account, for --clone-folder",
  )

const timed = (what: string) =>
  z
    .strictObject({ at, ...running })
    .describe(what)
    .optional()

export const scheduleSchema = z
  .strictObject({
    time_zone: z
      .string()
      .refine(isZone, 'a name like UTC or Europe/Berlin')
      .optional()
      .describe('the time zone in which `at` is meant (default UTC)'),
    logical: timed('`ecomdb backup logical`'),
    physical: z
      .strictObject({ at, clone_folder: cloneFolder, ...running })
      .describe('`ecomdb backup physical`')
      .optional(),
    binlog: z
      .strictObject({ always: z.literal(true), retry_after: running.retry_after })
      .describe('`ecomdb backup binlog`, all the time')
      .optional(),
    copy: z
      .strictObject({ every: time('and so often while it stays (default 24h)'), ...running })
      .describe('`ecomdb backup copy` to each copy of ecomdb.yaml, as soon as its disk is there')
      .optional(),
    verify: timed('`ecomdb backup verify`'),
    expire: timed('`ecomdb backup expire --confirm`'),
    drill: timed('`ecomdb drill --turn --any-moment`'),
    seal: z
      .strictObject({ always: z.literal(true), retry_after: running.retry_after })
      .describe('`ecomdb audit seal --follow`, all the time')
      .optional(),
    access: timed('`ecomdb access expire`: every minute, `* * * * *`'),
    reports: timed('`ecomdb report monthly`'),
  })
  .optional()
  .describe('what runs by itself, each job on the host that runs_on says (ecomdb schedule)')

type Written = {
  at?: string
  every?: string | undefined
  jitter?: string | undefined
  limit?: string | undefined
  retries?: number | undefined
  retry_after?: string | undefined
  clone_folder?: string | undefined
}

export function scheduleOf(content: z.infer<typeof scheduleSchema>): Schedule {
  const { time_zone: timeZone = 'UTC', ...jobs } = content ?? {}
  const entries = JOB_NAMES.flatMap((name): [JobName, JobSettings][] => {
    const written = jobs[name]
    return written ? [[name, settingsOf(name, written)]] : []
  })
  return { timeZone, jobs: new Map(entries) }
}

function settingsOf(name: JobName, written: Written): JobSettings {
  const ms = (text: string | undefined, otherwise: number): number =>
    (text === undefined ? null : durationMs(text)) ?? otherwise
  return {
    when: whenOf(name, written),
    jitterMs: ms(written.jitter, 0),
    limitMs: isAlways(name) ? Number.POSITIVE_INFINITY : ms(written.limit, DAY_MS),
    retries: written.retries ?? 3,
    retryAfterMs: ms(written.retry_after, isAlways(name) ? 5000 : 300_000),
    ...(written.clone_folder ? { words: ['--clone-folder', written.clone_folder] } : {}),
  }
}

const isAlways = (name: JobName): boolean => name === 'binlog' || name === 'seal'

function whenOf(name: JobName, { at, every }: Written): JobSettings['when'] {
  if (isAlways(name)) return { kind: 'always' }
  const time = at === undefined ? null : parseCronTime(at)
  if (time) return { kind: 'at', time }
  return { kind: 'appears', everyMs: (every === undefined ? null : durationMs(every)) ?? DAY_MS }
}

const DAY_MS = 86_400_000
