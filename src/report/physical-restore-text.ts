import { formatBytes, formatCount, formatDuration } from '#core/units'
import type { Check } from '#domain/backup/check'
import type { Position } from '#domain/backup/position'
import type { ReplayReport } from '#domain/binlog/replay-report'
import { alignColumns } from './align-columns.ts'
import { positionText } from './position-text.ts'
import { checkLines } from './restore-text.ts'

/** What `ecomdb restore --data-dir` has to tell; the workflow's report is one. */
export interface PhysicalRestoreText {
  snapshotId: string
  consistentAt: string
  engine: string
  serverVersion: string
  position: Position
  dataFolder: string
  chain: readonly string[]
  files: number
  bytes: number
  initFile: string | null
  findings: readonly string[]
  outcome: { checks: readonly Check[]; durationMs: number; owner: number } | null
  /** Of a restore to a moment. */
  replay?: ReplayReport
}

/** MySQL's files have the sources of a replica, and the place in their logs. Behind a replay they have none any more. */
function goesOn({ engine, position, replay }: PhysicalRestoreText): string[] {
  const sources = (position.sources ?? []).map(({ host, port }) => `${host}:${port}`)
  if (engine !== 'mysql' || replay || sources.length === 0) return []
  return [
    `it was a replica of ${sources.join(', ')}, and may go on as one as soon as it is started, with what is to be undone, too: start it with --skip-replica-start where it is not to`,
  ]
}

/** By a server that ran on the files. */
export const wasRead = (checks: readonly Check[]): boolean =>
  checks.some(({ name }) => name === 'tables')

/** For people. */
export function physicalRestoreText(report: PhysicalRestoreText): string {
  const { engine, serverVersion, dataFolder, chain, initFile } = report
  const amounts = `${formatCount(report.files)} files (${formatBytes(report.bytes)})`
  const facts = alignColumns(
    [
      ['snapshot', report.snapshotId],
      ...(chain.length > 1 ? [['chain', chain.join(', ')]] : []),
      ['shows', `${engine} ${serverVersion} at ${report.consistentAt}`],
      ['position', positionText(report.position)],
    ],
    ['left', 'left'],
  )
  const findings = report.findings.map(found => `FINDING: ${found}`)
  if (!report.outcome) {
    return [facts, '', ...findings, `would restore ${amounts} into ${dataFolder}`].join('\n')
  }
  const { checks, durationMs, owner } = report.outcome
  return [
    facts,
    '',
    ...checkLines(checks),
    '',
    ...findings,
    `restored ${amounts} into ${dataFolder} in ${formatDuration(durationMs)}, for user ${owner}; no server runs on it`,
    `next: start ${engine} ${serverVersion.split('-')[0]} on it, or a later one of its series${initFile ? `, with --init-file=${initFile}` : ''}`,
    ...(wasRead(checks)
      ? []
      : [
          'no server has read its tables: with --prove a private one does, before the restore ends',
        ]),
    ...goesOn(report),
  ].join('\n')
}
