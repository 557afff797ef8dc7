import { EXIT, type ExitStatus } from '#core/errors'
import { formatDuration } from '#core/units'
import { restorableUntil, type WindowReport } from '../binlog/window.ts'
import type { StatusReport } from '../copy/status-report.ts'
import { hasNotCome } from '../has-not-come.ts'
import type { Problem } from '../notify/decide-notices.ts'
import type { ScheduleReport } from '../schedule/schedule-report.ts'
import { binlogLine, logUntil } from './binlog-line.ts'
import { type DrillRecord, decisiveDrill, drillsOfServer, drillsOfWhole } from './drill-record.ts'
import {
  type CheckedServer,
  NOT_COME,
  type ServerFigures,
  type StatusLine,
  shortMoment as short,
} from './status-line.ts'

/** `ecomdb status`: everything that the shop's recovery hangs on, on one screen. */
export interface ShopStatus {
  /** ISO 8601, UTC. */
  at: string
  target: string
  state: 'ok' | 'finding' | 'missed'
  lines: StatusLine[]
  /** What somebody is to be told of: the lines that need a look, and each job's trouble. */
  problems: Problem[]
  /** For graphs; null where it is not known. */
  figures: StatusFigures
}

export interface StatusFigures extends ServerFigures {
  /** Seconds since the moment that the newest snapshot, or the archived log, leads to. */
  lossSeconds: number | null
  snapshotAgeSeconds: number | null
  binlogLagSeconds: number | null
  drillAgeSeconds: number | null
  /** Of the newest passed drill. */
  rtoSeconds: number | null
  copies: number
  schedulerAlive: boolean | null
}

/** How many private keys open what. */
export interface StatusKeys {
  count: number
  /** One is enough (keys.single_recipient). */
  isAccepted: boolean
  of: 'new backups' | 'the newest backup'
  /** One of them is no public key, in words: no backup can be made. */
  wrong: string | null
  /** Recipients of new backups that a rotation has replaced. */
  replaced: readonly string[]
}

export interface StatusFacts {
  now: Date
  copies: StatusReport
  window: WindowReport
  /** Oldest first. */
  drills: readonly DrillRecord[]
  objectives: { rpoMs: number | null; rtoMs: number | null; drillEveryMs: number | null }
  /** Servers that are gone, by the policy, whether there are snapshots of them or not. */
  formerServers: readonly string[]
  schedule: ScheduleReport
  recipients: StatusKeys
  /** Of the checks that ask the server; none where it was not asked. */
  server: readonly CheckedServer[]
}

/** Pure: what the facts come to. */
export function shopStatus(all: StatusFacts): ShopStatus {
  const sources = all.window.sources.filter(({ sourceId }) => !all.formerServers.includes(sourceId))
  const window = { ...all.window, sources }
  const facts = { ...all, window, drills: drillsOfWhole(all.drills) }
  const lines = [
    worstOf(facts, provenLine),
    worstOf(facts, rtoLine),
    rpoLine(facts),
    copiesLine(facts),
    binlogLine(facts),
    ...disksLine(facts),
    keysLine(facts),
    scheduleLine(facts),
    ...facts.server.map(({ line }) => line),
  ]
  const has = (state: StatusLine['state']): boolean => lines.some(line => line.state === state)
  return {
    at: facts.now.toISOString(),
    target: facts.copies.target,
    state: has('missed') ? 'missed' : has('finding') ? 'finding' : 'ok',
    lines,
    problems: [...lines.flatMap(problemOf), ...facts.schedule.problems],
    figures: figuresOf(facts),
  }
}

/** What `ecomdb status` ends with, for monitoring. */
export const STATUS_EXIT: Readonly<Record<ShopStatus['state'], ExitStatus>> = {
  ok: EXIT.DONE,
  finding: EXIT.FINDINGS,
  missed: EXIT.OBJECTIVE_MISSED,
}

/** The schedule's are told of one by one. */
function problemOf({ key, name, state, detail, next, parts }: StatusLine): Problem[] {
  if (key === 'schedule' || state === 'ok' || state === 'unknown') return []
  return [{ key: `status ${key}`, what: `${name}: ${detail}`, next, parts: parts ?? [state] }]
}

type DrilledServer = Pick<StatusFacts, 'drills' | 'objectives' | 'now'> & { hasSnapshots: boolean }

const newestPassed = ({ drills }: Pick<StatusFacts, 'drills'>): DrillRecord | null =>
  drills.findLast(({ outcome }) => outcome === 'passed') ?? null

/** Each server with its own drills: that one comes back says nothing of another. */
function drilledServers(facts: StatusFacts): (DrilledServer & { sourceId: string | null })[] {
  const { datasets } = facts.copies
  const servers = datasets.map(({ sourceId }) => sourceId)
  if (servers.length === 0) return [{ ...facts, sourceId: null, hasSnapshots: false }]
  return servers.map(sourceId => ({
    ...{ ...facts, sourceId, hasSnapshots: true },
    drills: drillsOfServer(facts.drills, sourceId, servers),
  }))
}

/** Of several servers the one that is worst off; and of those that are alike the one that was drilled first. */
function worstOf(facts: StatusFacts, lineOf: (server: DrilledServer) => StatusLine): StatusLine {
  const servers = drilledServers(facts)
  const drilledAt = (server: DrilledServer): string => newestPassed(server)?.at ?? ''
  const lines = servers
    .sort((a, b) => (drilledAt(a) < drilledAt(b) ? -1 : 1))
    .map(server => ({ sourceId: server.sourceId, line: lineOf(server) }))
  const urgency = ({ state }: StatusLine): number => BY_URGENCY.indexOf(state)
  const worst = lines.reduce((one, other) =>
    urgency(other.line) < urgency(one.line) ? other : one,
  )
  if (lines.length === 1) return worst.line
  const { state, detail } = worst.line
  const alike = lines.filter(({ line }) => line.state === state).length
  const whose = state === 'ok' ? '' : `server ${worst.sourceId}: `
  const count =
    alike === lines.length ? `all ${alike} servers` : `${alike} of ${lines.length} servers`
  // Without it the newest snapshot is drilled, whose server may be another one.
  const next = worst.line.next.map(text => text.replace('`ecomdb drill`', '`ecomdb drill --turn`'))
  return { ...worst.line, detail: `${whose}${detail} (${count})`, next }
}

const BY_URGENCY = ['missed', 'finding', 'unknown', 'ok'] as const

function provenLine(facts: DrilledServer): StatusLine {
  const { drillEveryMs } = facts.objectives
  const newest = decisiveDrill(facts.drills)
  const passed = newestPassed(facts)
  const line = { key: 'drill', name: 'last proven restore' }
  if (newest && newest.outcome === 'failed') {
    const where = newest.atMoment
      ? ' at its moment of the log; the snapshot that it began with came back'
      : ''
    const next = newest.atMoment
      ? ['`ecomdb backup window`', 'back up anew, and `ecomdb drill --any-moment`']
      : [`\`ecomdb backup show ${newest.snapshotId}\``, 'back up anew, and drill that one']
    const detail = `the drill of ${short(newest.at)} FAILED${where}`
    return { ...line, state: 'finding', detail, next, parts: [detail] }
  }
  if (!passed) {
    return {
      ...line,
      state: drillEveryMs === null ? 'finding' : 'missed',
      detail: 'never',
      // A drill of nothing fails.
      next: [...(facts.hasSnapshots ? [] : ['`ecomdb backup logical`']), '`ecomdb drill`'],
    }
  }
  if (hasNotCome(passed.at, facts.now)) {
    const detail = `the drill of ${short(passed.at)}, ${NOT_COME}`
    return { ...line, state: 'finding', detail, next: ['`date -u`', '`ecomdb drill`'] }
  }
  const ageMs = facts.now.getTime() - Date.parse(passed.at)
  const rows = passed.rows === null ? '' : `, ${passed.rows.toLocaleString('en-US')} rows`
  const detail = `${formatDuration(ageMs)} ago, of ${short(passed.consistentAt)}${rows}`
  const late = drillEveryMs !== null && ageMs > drillEveryMs
  if (!late) return { ...line, state: 'ok', detail, next: [] }
  const promised = `; promised every ${formatDuration(drillEveryMs)}`
  return { ...line, state: 'missed', detail: detail + promised, next: ['`ecomdb drill`'] }
}

function rtoLine(facts: DrilledServer): StatusLine {
  const { rtoMs } = facts.objectives
  const passed = newestPassed(facts)
  const line = { key: 'rto', name: 'RTO, time to restore', next: [] }
  if (passed?.rtoMs == null) return { ...line, state: 'unknown', detail: 'not measured yet' }
  return against(line, passed.rtoMs, rtoMs, 'as the last drill measured', [
    '`ecomdb drill --html drill.html` says where the time goes',
  ])
}

function rpoLine(facts: StatusFacts): StatusLine {
  const lossMs = lossOf(facts)
  const line = { key: 'rpo', name: 'RPO, what would be lost now', next: [] }
  const next = ['`ecomdb backup logical`', '`ecomdb schedule list` says why none ran']
  if (lossMs === null) return { ...line, state: 'missed', detail: 'everything: no snapshot', next }
  if (!Number.isFinite(lossMs)) {
    const detail = `not known: the newest snapshot shows a moment ${NOT_COME}`
    return { ...line, state: 'missed', detail, next: ['`date -u`', ...next] }
  }
  return against(line, lossMs, facts.objectives.rpoMs, '', next)
}

function against(
  line: Omit<StatusLine, 'state' | 'detail'>,
  isMs: number,
  limitMs: number | null,
  note: string,
  next: readonly string[],
): StatusLine {
  const is = `${formatDuration(isMs)}${note && `, ${note}`}`
  if (limitMs === null) return { ...line, state: 'ok', detail: `${is}; nothing is promised` }
  const missed = isMs > limitMs
  const detail = `${is}; promised ${formatDuration(limitMs)}`
  return { ...line, state: missed ? 'missed' : 'ok', detail, next: missed ? next : [] }
}

function copiesLine({ copies }: StatusFacts): StatusLine {
  const { datasets, stale, vanished, ahead, refused } = copies
  const missing = datasets.flatMap(({ rules }) =>
    rules
      .filter(({ met }) => !met)
      .map(({ rule, detail }) => (rule === '0' ? `${RULE[rule]} (${detail})` : RULE[rule])),
  )
  const lost = [
    ...vanished.map(id => `snapshot ${id} has vanished`),
    ...ahead.map(one => `snapshot ${one.snapshotId}, which ${one.label} has, has vanished`),
    ...refused.map(({ name }) => `${name} is not believed`),
  ]
  const problems = [
    ...(missing.length > 0 ? [`not met: ${[...new Set(missing)].join(', ')}`] : []),
    ...stale.map(({ name, why }) => `${name}: ${why}`),
    ...lost,
  ]
  const rules = datasets.flatMap(one => one.rules.filter(({ met }) => !met))
  const parts = [
    ...rules.flatMap(({ rule, detail }) => (rule === '0' ? detail.split('; ') : RULE[rule])),
    ...[...stale.map(({ name }) => `${name} is too old`), ...lost],
  ]
  const line = { key: '3-2-1-1-0', name: '3-2-1-1-0' }
  if (copies.met) {
    const count = 1 + (datasets[0]?.places.filter(({ fresh }) => fresh).length ?? 0)
    return { ...line, state: 'ok', detail: `met, ${count} copies with the server`, next: [] }
  }
  const detail = problems.length > 0 ? problems.join('; ') : 'no snapshot yet'
  return { ...line, state: 'finding', detail, next: ['`ecomdb backup status`'], parts }
}

const RULE = {
  '3': '3 copies',
  '2': '2 media',
  '1 off site': '1 off site',
  '1 offline': '1 offline',
  '0': '0 errors',
} as const

function disksLine({ copies, now }: StatusFacts): StatusLine[] {
  const disks = copies.places.filter(({ copyId }) => copyId !== null)
  if (disks.length === 0) return []
  const detail = disks
    .map(({ label, present, unreachable, offline, lastSeenAt }) => {
      if (unreachable) return `${label} cannot be reached`
      if (present) return `${label} is here`
      if (!lastSeenAt) return `${label} never seen`
      const ago = formatDuration(now.getTime() - Date.parse(lastSeenAt))
      return offline ? `${label} offline for ${ago}` : `${label} not looked at for ${ago}`
    })
    .join(', ')
  const isFine = disks.every(({ unreachable }) => !unreachable)
  const next = isFine ? [] : ['`ecomdb backup status` says why']
  return [{ key: 'disks', name: 'disks', state: isFine ? 'ok' : 'finding', detail, next }]
}

function keysLine({ recipients }: StatusFacts): StatusLine {
  const line = { key: 'keys', name: 'keys' }
  const { count, of, isAccepted, wrong, replaced } = recipients
  if (wrong !== null) {
    const next = ['correct keys.recipients of ecomdb.yaml: docs/keys.md']
    return { ...line, state: 'finding', detail: `no backup can be made: ${wrong}`, next }
  }
  if (replaced.length > 0) {
    const next = ['take its successor from keys/recipients.txt into keys.recipients: docs/keys.md']
    const detail = `new backups open with a key that was replaced: ${replaced.join(', ')}`
    return { ...line, state: 'finding', detail, next }
  }
  if (count >= 2) {
    const detail = `${of} ${of === 'new backups' ? 'open' : 'opens'} with any of ${count} keys`
    return { ...line, state: 'ok', detail, next: [] }
  }
  if (count === 1 && isAccepted) {
    const detail = `${of} ${of === 'new backups' ? 'open' : 'opens'} with one key alone, as keys.single_recipient says`
    return { ...line, state: 'ok', detail, next: [] }
  }
  const next = ['add the escrow key to keys.recipients: docs/keys.md']
  return { ...line, state: 'finding', detail: `${count || 'no'} recipient: no escrow`, next }
}

function scheduleLine({ schedule }: StatusFacts): StatusLine {
  const { jobs, problems, scheduler } = schedule
  const line = { key: 'schedule', name: 'schedule' }
  if (problems.length > 0) {
    const detail = problems.map(({ what }) => what).join('; ')
    return { ...line, state: 'finding', detail, next: problems.flatMap(({ next }) => next) }
  }
  if (jobs.length === 0) return { ...line, state: 'unknown', detail: 'no jobs here', next: [] }
  const runs = scheduler
    ? `${scheduler.kind === 'stays' ? 'running' : 'by cron'} on ${scheduler.host}`
    : schedule.cron
      ? 'cron has it, and has not looked yet'
      : 'by timers'
  return { ...line, state: 'ok', detail: `${jobs.length} jobs, ${runs}`, next: [] }
}

function figuresOf(facts: StatusFacts): StatusFigures {
  const { now, copies, window, schedule } = facts
  const since = (iso: string | null | undefined): number | null =>
    iso && !hasNotCome(iso, now) ? Math.max(0, (now.getTime() - Date.parse(iso)) / 1000) : null
  const passed = drilledServers(facts).map(newestPassed)
  const rtos = passed.flatMap(one => one?.rtoMs ?? [])
  const lossMs = lossOf(facts)
  return {
    lossSeconds: lossMs !== null && Number.isFinite(lossMs) ? lossMs / 1000 : null,
    snapshotAgeSeconds: since(oldestNewest(copies)),
    binlogLagSeconds: since(logUntil(window)),
    drillAgeSeconds: passed.includes(null)
      ? null
      : since(passed.map(one => one?.at ?? '').sort()[0]),
    rtoSeconds: rtos.length > 0 ? Math.max(...rtos) / 1000 : null,
    copies: copies.places.length,
    schedulerAlive: schedule.scheduler?.alive ?? null,
    ...{ sealAgeSeconds: null, grantsOpen: null, grantsOverdue: null, grantsEndingSoon: null },
    grantsBreakGlass: null,
    ...{ accessDifferences: null, accountsBeyond: null, hardenScore: null },
    ...Object.assign({}, ...facts.server.map(one => one.figures)),
  }
}

/**
 * Of the server that is worst off: what neither a snapshot nor the archived log has. Infinity: all that
 * there is shows a moment that has not come.
 */
function lossOf({ copies, window, now }: StatusFacts): number | null {
  const losses = copies.datasets.map(({ sourceId, newestShows }) => {
    const source = window.sources.find(one => one.sourceId === sourceId)
    const last = source?.stretches.at(-1)
    const until = (last && restorableUntil(last)) ?? newestShows
    const newest = [until, newestShows]
      .filter(moment => !hasNotCome(moment, now))
      .sort()
      .at(-1)
    return newest ? Math.max(0, now.getTime() - Date.parse(newest)) : Number.POSITIVE_INFINITY
  })
  return losses.length > 0 ? Math.max(...losses) : null
}

function oldestNewest({ datasets }: StatusReport): string | null {
  return datasets.map(({ newestShows }) => newestShows).sort()[0] ?? null
}
