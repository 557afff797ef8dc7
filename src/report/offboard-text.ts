import { countOf, formatDuration } from '#core/units'
import type { OffboardReport } from '#domain/access/offboard-report'
import { alignColumns } from './align-columns.ts'

/** `ecomdb offboard` for people. */
export function offboardText(report: Kept): string {
  return (report.dryRun ? planLines(report) : doneLines(report)).join('\n')
}

/** With where its receipt is. */
type Kept = OffboardReport & { receipt: string | null; receiptProblem: string | null }

const account = ({ user, host }: { user: string; host: string }): string => `'${user}'@'${host}'`

const found = ({ accounts }: OffboardReport) => accounts.filter(one => one.found)

function planLines(report: OffboardReport): string[] {
  const { person, fullName, servers, objects, rights, leasesEnded, proxiesEnded } = report
  const sessions = servers[0]?.sessionsEnded ?? 0
  return [
    `${person}${fullName && fullName !== person ? ` (${fullName})` : ''}: ${countOf(found(report).length, 'account')}, ${countOf(sessions, 'open session')} on the primary`,
    ...found(report).map(one => `  lock, then drop  ${account(one)}`),
    ...leasesEnded.map(({ grantId, role }) => `  end              lease ${grantId}, role ${role}`),
    ...objects.map(({ kind, schema, name }) =>
      kind === 'event'
        ? `  switch off       event ${schema}.${name}, and give it to ${account(report.definer)}`
        : `  give away        ${kind} ${schema}.${name}, to ${account(report.definer)}`,
    ),
    ...rights.map(statement => `  run              ${statement}`),
    ...proxiesEnded.map(
      one => `  end              ${account(one.account)} acts as ${account(one.actsAs)}`,
    ),
    ...report.review.map(text => `  look at          ${text}`),
    'nothing was changed: this is what --confirm would do',
  ]
}

function doneLines(report: Kept): string[] {
  const { person, servers, objects, outstanding, review, deadMs, lockedMs } = report
  const { receipt, receiptProblem } = report
  const moved = objects.filter(({ outcome }) => outcome === 'rehomed')
  const off = objects.filter(({ outcome }) => outcome === 'disabled')
  const dropped = report.accounts.filter(one => one.dropped)
  return [
    outstanding.length === 0
      ? `${person} is out: locked after ${formatDuration(lockedMs ?? 0)}, the last session gone after ${formatDuration(deadMs ?? 0)}`
      : `${person} is NOT out everywhere yet`,
    alignColumns(
      [
        ['SERVER', 'SESSIONS ENDED', 'ALL GONE AFTER'],
        ...servers.map(one => [
          one.name,
          String(one.sessionsEnded + one.enteringEnded),
          one.deadMs === null
            ? one.unreachable
              ? 'not reached'
              : 'NOT YET'
            : formatDuration(one.deadMs),
        ]),
      ],
      ['left', 'right', 'right'],
    ),
    `accounts dropped: ${dropped.map(account).join(', ') || 'none'}`,
    ...(report.leasesEnded.length
      ? [`leases ended: ${report.leasesEnded.map(({ role }) => role).join(', ')}`]
      : []),
    ...(moved.length
      ? [
          `given to ${account(report.definer)}: ${moved.map(({ kind, schema, name }) => `${kind} ${schema}.${name}`).join(', ')}`,
        ]
      : []),
    ...off.map(
      ({ schema, name, enabled }) =>
        `event ${schema}.${name} is off${enabled ? ', and was on: read it, then ALTER EVENT … ENABLE' : ', as it was'}`,
    ),
    ...review.map(text => `look at: ${text}`),
    ...outstanding.map(text => `LEFT TO DO: ${text}`),
    ...(receiptProblem === null ? [] : [`look at: ${receiptProblem}`]),
    `receipt: ${receipt ?? 'none'}`,
  ]
}
