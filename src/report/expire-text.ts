import { countOf, formatBytes } from '#core/units'
import type { ExpiredLog, ExpiredSnapshot, ExpireReport } from '#domain/retention/expire-report'
import { alignColumns } from './align-columns.ts'

/** `ecomdb backup expire` for people. */
export function expireReportText(report: ExpireReport): string {
  const { snapshots, anomalies, refused, dryRun } = report
  const braked = anomalies.length + refused.length > 0
  return [
    ...(snapshots.length ? [table(snapshots)] : [`no snapshot in ${report.target}`]),
    ...anomalies.map(one => `BRAKE  ${one.kind} at ${one.snapshotId}: ${one.detail}`),
    ...refused.map(({ name, code, why }) => `BRAKE  not believed: ${name}: ${why} (${code})`),
    ...(braked ? [...brakeAdvice(report), ...lockedLines(report)] : outcome(report)),
    ...(dryRun && !braked ? ['nothing was changed: this is what --confirm would do'] : []),
  ].join('\n')
}

function table(snapshots: readonly ExpiredSnapshot[]): string {
  return alignColumns(
    [
      ['SNAPSHOT', 'SHOWS (UTC)', 'PROOF', 'VERDICT', 'WHY'],
      ...snapshots.map(one => [
        one.snapshotId,
        shortTime(one.consistentAt),
        one.proof,
        verdictText(one),
        one.reasons.join('; '),
      ]),
    ],
    ['left', 'left', 'left', 'left', 'left'],
  )
}

function verdictText({ action, removeAfter, removed }: ExpiredSnapshot): string {
  if (removed) return 'removed'
  if (action === 'keep') return 'keep'
  return removeAfter ? `after ${shortTime(removeAfter)}` : 'remove'
}

function outcome(report: ExpireReport): string[] {
  const { removed, leftovers, snapshots, dryRun } = report
  const going = snapshots.filter(({ action, removed }) => action === 'remove' && !removed)
  return [
    `${countOf(snapshots.length - going.length - removed.snapshots, 'snapshot')} kept, ${going.length} to go, by ${report.policy}`,
    ...(removed.files > 0
      ? [
          `removed ${countOf(removed.snapshots, 'snapshot')}: ${countOf(removed.files, 'file')}, ${formatBytes(removed.bytes)}`,
        ]
      : []),
    ...report.log.map(logText),
    ...(removed.held > 0
      ? [`${countOf(removed.held, 'file')} of them stay until their lock runs out`]
      : []),
    ...report.notRemoved.map(({ name, problem }) => `NOT REMOVED  ${name}: ${problem}`),
    ...lockedLines(report),
    ...(report.removeAfter && Number(going.length) + leftovers.files > removed.files
      ? [
          `announced: \`ecomdb backup expire --confirm\` removes it after ${shortTime(report.removeAfter)}`,
        ]
      : []),
    ...(leftovers.files > 0 && dryRun
      ? [
          `${countOf(leftovers.files, 'file')}, ${formatBytes(leftovers.bytes)}, of backups that were cut off, go as well`,
        ]
      : []),
  ]
}

function lockedLines({ locked }: ExpireReport): string[] {
  const line = (what: string): string =>
    `locked ${what} for longer: as long as the policy keeps them`
  return [
    ...(locked.snapshots > 0 ? [line(countOf(locked.snapshots, 'snapshot'))] : []),
    ...(locked.segments > 0 ? [line(`${countOf(locked.segments, 'segment')} of the log`)] : []),
  ]
}

/** "log of SERVER until 2026-11-01 10:00:00, which no snapshot needs: 12 segments, 3.1 MiB: removed" */
function logText({ sourceId, until, segments, bytes, removeAfter, removed }: ExpiredLog): string {
  const what = `log of ${sourceId}${until ? ` until ${shortTime(until)}` : ''}, which no snapshot needs`
  const size = `${countOf(segments, 'segment')}, ${formatBytes(bytes)}`
  const later = removeAfter ? `after ${shortTime(removeAfter)}` : 'to go'
  if (removed === 0) return `${what}: ${size}: ${later}`
  const isAll = removed >= segments
  return `${what}: ${size}: ${isAll ? 'removed' : `${removed} removed, the rest ${later}`}`
}

function brakeAdvice({ anomalies }: ExpireReport): string[] {
  const [first] = anomalies
  return [
    'nothing is removed until somebody has looked at this',
    ...(first
      ? [
          `if it is as it should be: \`ecomdb backup expire --accept ${first.snapshotId} --reason TEXT\``,
        ]
      : ['keys.trusted_signers may lack a signer: docs/keys.md']),
  ]
}

function shortTime(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ')
}
