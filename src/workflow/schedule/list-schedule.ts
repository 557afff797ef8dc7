import type { Problem } from '#domain/notify/decide-notices'
import {
  iso,
  type JobReport,
  jobReport,
  type ScheduleReport,
} from '#domain/schedule/schedule-report'
import { isAlive } from '#process/is-alive'
import { isInCrontab } from './crontab.ts'
import { isPresent, jobsOf, planOf, type ScheduleContext } from './schedule-context.ts'
import { ALIVE_MS, isSeenLately, type SchedulerSeen } from './schedule-files.ts'

/** `ecomdb schedule list`: reads the state that is kept, and changes nothing. */
export async function listSchedule(
  context: Pick<ScheduleContext, 'config' | 'policy' | 'files' | 'presence' | 'clock'>,
): Promise<ScheduleReport> {
  const { files, policy, clock } = context
  const now = clock.now().getTime()
  const jobs: JobReport[] = []
  for (const job of jobsOf(context)) {
    const state = await files.readJob(job.id, now)
    const pid = state.running?.pid ?? null
    const running = pid !== null && isAlive(pid)
    jobs.push(jobReport(job, state, { now, present: await isPresent(job, context), running }))
  }
  const seen = await files.readScheduler()
  // One that stayed has stopped, and somebody has looked in once or twice: the crontab says whether cron does.
  const isCron = !seen?.after || (await isInCrontab(files.key))
  const scheduler = seen && schedulerOf((isCron ? null : seen.after) ?? seen, now)
  const cron = scheduler?.alive ? null : await cronOf(files)
  const isOutdated = scheduler?.alive && seen?.plan !== undefined && seen.plan !== planOf(context)
  const problems = [...problemsOf({ scheduler, cron, jobs }, now), ...(await silent(context))]
  return {
    ...{ policy: policy.file, timeZone: policy.schedule.timeZone, stateFolder: files.folder },
    ...{ scheduler, cron, jobs },
    problems: isOutdated ? [outdated(scheduler, policy.file), ...problems] : problems,
  }
}

/** No copy is made where nobody answers, and no job fails for it. */
async function silent(
  context: Pick<ScheduleContext, 'config' | 'policy' | 'presence'>,
): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const { id, copy } of jobsOf(context)) {
    if (copy === null || (await context.presence.of(copy)) !== 'silent') continue
    const directory = context.config.copies.find(({ name }) => name === copy)?.place.directory
    problems.push({
      key: `schedule silent ${id}`,
      what: `${id} waits for ${directory}, and the disk or share there does not answer`,
      next: [
        'is the server of the share up, and the network? `mount` shows which it is',
        'to have nobody wait for it: `umount -f` or, where that fails, `umount -l`',
      ],
    })
  }
  return problems
}

/** A job that is new would never run, and never be late: nobody has seen it. */
function outdated({ pid, startedAt }: NonNullable<Seen['scheduler']>, policy: string): Problem {
  return {
    key: 'schedule outdated',
    what: `the scheduler, process ${pid}, works by what ecomdb.yaml and ${policy} said when it was started (${startedAt}), and that was changed`,
    next: ['`systemctl restart ecomdb-schedule`, or start `ecomdb schedule run` again'],
  }
}

/** A crontab is read where nobody has been seen: it may have been made a minute ago. */
async function cronOf(files: ScheduleContext['files']): Promise<ScheduleReport['cron']> {
  if (!(await isInCrontab(files.key))) return null
  const since = await files.readInstalled()
  return { since: since === null ? null : iso(since) }
}

function schedulerOf(seen: SchedulerSeen, now: number): ScheduleReport['scheduler'] {
  const { host, pid, kind, startedAt, seenAt } = seen
  const alive = isSeenLately(seen, now) && (kind === 'looks-in' || isAlive(pid))
  return { host, pid, kind, startedAt: iso(startedAt), seenAt: iso(seenAt), alive }
}

function problemsOf(seen: Seen, now: number): Problem[] {
  const { jobs } = seen
  const failing = jobs
    .filter(({ failing }) => failing)
    .map(({ id, judged, lastSuccessAt }) => {
      const success = lastSuccessAt ? `its last success was ${lastSuccessAt}` : 'it never succeeded'
      const message = judged?.message ?? `exit ${judged?.status}`
      const next = judged?.hints.length
        ? judged.hints
        : ['`ecomdb schedule list --json` has its last run']
      const what = `${id} ${judged?.outcome}: ${message}; ${success}`
      const parts = [`${judged?.outcome} ${judged?.status}`]
      return { key: `schedule job ${id}`, what, next, parts }
    })
  const late = jobs
    .filter(one => one.late)
    .map(({ id }) => ({
      key: `schedule late ${id}`,
      what: `${id} is late: nobody has begun it`,
      next: [`\`ecomdb schedule run ${id}\` runs it now`],
    }))
  return [...stopped(seen, now), ...failing, ...jobs.flatMap(findings), ...late]
}

/** A brake of expire, a missed objective, a copy that is not whole: done, and to be looked at. */
function findings({ id, command, judged }: JobReport): Problem[] {
  if (judged?.outcome !== 'findings') return []
  const { status, message } = judged
  const what = `${id} found something (exit ${status})${message ? `: ${message}` : ''}`
  const look = command.replace(' --confirm', '')
  return [{ key: `schedule findings ${id}`, what, next: [`\`${look}\` shows it`] }]
}

type Seen = Pick<ScheduleReport, 'scheduler' | 'cron' | 'jobs'>

const CRON_NEXT = [
  'does the cron daemon run? `systemctl status cron`',
  '`ecomdb schedule run --due` says what it would say',
]

/**
 * One that was never there is no news where timers run the jobs: then all have run that had their
 * time lately. One that somebody has run by hand says nothing of the others.
 */
function stopped({ scheduler, cron, jobs }: Seen, now: number): Problem[] {
  const problem = (what: string, next: readonly string[]) => [
    { key: 'schedule stopped', what, next },
  ]
  const install = '`ecomdb schedule install --with systemd` (or `--with cron`) has it run'
  if (scheduler && !scheduler.alive) {
    const what = `the scheduler has stopped: it was last seen ${scheduler.seenAt} on ${scheduler.host}`
    if (scheduler.kind === 'looks-in') return problem(what, [...CRON_NEXT, install])
    return problem(what, ['`systemctl status ecomdb-schedule`', install])
  }
  const ran = jobs.some(({ last }) => last !== null) && jobs.every(({ unseen }) => !unseen)
  if (scheduler || jobs.length === 0 || ran) return []
  if (!cron) return problem('nothing runs the schedule here', [install])
  const waits = cron.since !== null && now - Date.parse(cron.since) < ALIVE_MS['looks-in']
  return waits ? [] : problem('the crontab has the schedule, and cron has not run it', CRON_NEXT)
}
