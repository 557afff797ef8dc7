import type { JobReport, ScheduleReport } from '#domain/schedule/schedule-report'
import { alignColumns } from './align-columns.ts'

/** `ecomdb schedule list` for people. */
export function scheduleText({
  policy,
  timeZone,
  scheduler,
  cron,
  jobs,
  problems,
}: ScheduleReport): string {
  if (jobs.length === 0) return `this host has no jobs: ${policy} schedules none for it`
  const rows = jobs.map(job => [
    job.id,
    job.when,
    shortTime(job.lastSuccessAt, 'never'),
    lastText(job),
    job.running ? 'now' : shortTime(job.nextAt, 'when its disk is here'),
  ])
  const table = alignColumns(
    [['JOB', `WHEN (${timeZone})`, 'LAST SUCCESS (UTC)', 'LAST RUN', 'NEXT (UTC)'], ...rows],
    ['left', 'left', 'left', 'left', 'left'],
  )
  return [table, '', schedulerText({ scheduler, cron }), ...problems.flatMap(problemLines)].join(
    '\n',
  )
}

/** What is wrong, and below it what to do next. */
function problemLines({ what, next }: ScheduleReport['problems'][number]): string[] {
  return [`PROBLEM  ${what}`, ...next.map(one => `  next: ${one}`)]
}

function lastText({ running, last }: JobReport): string {
  if (running) return 'running'
  if (!last) return 'none yet'
  return last.status ? `${last.outcome} (${last.status})` : last.outcome
}

function schedulerText({ scheduler, cron }: Pick<ScheduleReport, 'scheduler' | 'cron'>): string {
  if (!scheduler && cron) {
    const since = cron.since ? ` since ${shortTime(cron.since, '')}` : ''
    return `scheduler: cron has it${since}, every five minutes; it has not looked yet`
  }
  if (!scheduler) return 'scheduler: none has been seen here'
  const { host, pid, kind, seenAt, alive } = scheduler
  const what = kind === 'stays' ? `process ${pid} on ${host}` : `cron on ${host}`
  return `scheduler: ${what}, ${alive ? 'running' : 'STOPPED'}, last seen ${shortTime(seenAt, '')}`
}

function shortTime(at: string | null, otherwise: string): string {
  return at === null ? otherwise : at.slice(0, 16).replace('T', ' ')
}

/** `ecomdb schedule run --due` for people. */
export function ranText({
  ran,
  busy,
}: {
  ran: readonly { job: string; outcome: string; message: string | null }[]
  busy: readonly string[]
}): string {
  const lines = ran.map(one => `${one.job}: ${one.outcome}${one.message ? `: ${one.message}` : ''}`)
  const waiting = busy.length ? [`at work already: ${busy.join(', ')}`] : []
  return lines.length + waiting.length ? [...lines, ...waiting].join('\n') : 'nothing is due'
}
