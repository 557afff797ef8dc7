import { countOf, formatDuration } from '#core/units'
import { restorableUntil, type SourceWindow, type WindowReport } from '../binlog/window.ts'
import { DEFAULT_RPO_MS } from '../copy/three-two-one.ts'
import { hasNotCome } from '../has-not-come.ts'
import type { ScheduleReport } from '../schedule/schedule-report.ts'
import { NOT_COME, type StatusLine, shortMoment } from './status-line.ts'

interface LogFacts {
  now: Date
  window: WindowReport
  schedule: Pick<ScheduleReport, 'jobs'>
  objectives: { rpoMs: number | null }
}

const LINE = { key: 'binlog', name: 'binary log' }

/**
 * The archived log of all servers. What is wrong with it is told on hosts that do not archive it, too: the vault's
 * status is where somebody looks.
 */
export function binlogLine({ window, schedule, objectives, now }: LogFacts): StatusLine {
  const { sources, refused, unreadable } = window
  const scheduled = schedule.jobs.some(({ id }) => id === 'binlog')
  if (sources.length + refused.length + unreadable.length === 0) {
    const detail = 'not archived: restores lead to snapshots only'
    return scheduled
      ? { ...LINE, state: 'finding', detail, next: ['`ecomdb backup binlog`'] }
      : { ...LINE, state: 'unknown', detail, next: [] }
  }
  const ahead = sources.map(logEnd).find(end => end !== null && hasNotCome(end, now))
  const holes = sources.flatMap(one => one.gaps.map(({ from }) => `gap from ${from}`))
  const unsure = sources.flatMap(one => one.doubts.map(({ from }) => `doubt from ${from}`))
  // An archiver that works moves on where nobody writes, too.
  const limitMs = objectives.rpoMs ?? DEFAULT_RPO_MS
  const isStopped = sources.map(logEnd).some(end => end !== null && ageMs(end, now) > limitMs)
  const closed = sources.filter(one => leadsUntil(one) === null)
  const [gaps, doubts] = [holes.length + refused.length, unsure.length]
  const counts = [
    ...(ahead ? [`until ${shortMoment(ahead)}, ${NOT_COME}`] : []),
    ...(isStopped ? ['nothing has archived it since'] : []),
    ...(gaps > 0 ? [countOf(gaps, 'gap')] : []),
    ...(doubts > 0 ? [countOf(doubts, 'doubt')] : []),
    ...(unreadable.length > 0
      ? [`${countOf(unreadable.length, 'file')} of it cannot be read`]
      : []),
  ]
  const detail = [...reach(sources, closed, now), ...counts].join('; ')
  if (counts.length === 0 && closed.length === 0) return { ...LINE, state: 'ok', detail, next: [] }
  if (counts.length === 0 && !scheduled) return { ...LINE, state: 'unknown', detail, next: [] }
  const parts = [
    ...(isStopped ? ['stopped'] : []),
    ...(ahead ? ['ahead'] : []),
    ...[...holes, ...unsure],
    ...[...refused, ...unreadable].map(({ name }) => name),
    ...closed.map(({ sourceId }) => `no moment of ${sourceId}`),
  ]
  const next = [
    ...(ahead ? ['`date -u`'] : []),
    ...(isStopped || counts.length === 0
      ? ['`ecomdb backup binlog --once` on the host that archives']
      : []),
    ...(counts.length > (isStopped ? 1 : 0) ? ['`ecomdb backup window` lists them'] : []),
  ]
  return { ...LINE, state: 'finding', detail, next, parts }
}

/** Until when any moment of every server can be restored; null where that is not so of one of them. */
export function logUntil({ sources }: WindowReport): string | null {
  const ends = sources.map(leadsUntil)
  return ends.includes(null) ? null : ([...ends].sort()[0] ?? null)
}

/** The server that is furthest behind counts; of those that lead nowhere it is said. */
function reach(
  sources: readonly SourceWindow[],
  closed: readonly SourceWindow[],
  now: Date,
): string[] {
  const until = sources.flatMap(one => leadsUntil(one) ?? []).sort()[0]
  const leads =
    until === undefined || hasNotCome(until, now)
      ? []
      : [`any moment until ${formatDuration(ageMs(until, now))} ago`]
  if (closed.length === 0) return leads
  const whose = closed.length === sources.length ? '' : ` of server ${closed[0]?.sourceId}`
  return [...leads, `no moment${whose} can be restored from it`]
}

function leadsUntil({ stretches }: SourceWindow): string | null {
  const last = stretches.at(-1)
  return last ? restorableUntil(last) : null
}

/** The last moment that is archived, also where no snapshot leads there. */
function logEnd(source: SourceWindow): string | null {
  return leadsUntil(source) ?? source.stretches.at(-1)?.until ?? null
}

const ageMs = (moment: string, now: Date): number => now.getTime() - Date.parse(moment)
