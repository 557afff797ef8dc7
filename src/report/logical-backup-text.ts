import { formatBytes, formatCount, formatDuration } from '#core/units'
import type {
  LogicalBackupPreview,
  LogicalBackupReport,
} from '#domain/backup/logical-backup-report'
import { alignColumns } from './align-columns.ts'
import { positionText } from './position-text.ts'

/** `ecomdb backup logical` for people. */
export function logicalBackupText(report: LogicalBackupReport): string {
  const { proof, stored, durationMs, bytes } = report
  const rate = durationMs > 0 ? `, ${formatBytes(Math.round((bytes / durationMs) * 1000))}/s` : ''
  return [
    `snapshot ${report.snapshotId} is in ${report.target}`,
    `  shows     ${report.engine} ${report.serverVersion} at ${report.consistentAt}`,
    `  rows      ${formatCount(report.rows)} of ${formatCount(report.tables)} tables in ${report.databases.join(', ') || 'no database'}; ${formatBytes(bytes)}`,
    `  objects   ${formatCount(report.programs)} views, routines, triggers and events; ${formatCount(report.accounts)} accounts and roles`,
    `  point     ${proof.method}, writers waited for at most ${formatCount(proof.lockedMs)} ms; ${positionText(report.position)}`,
    `  stored    ${formatBytes(stored.bytes)} in ${formatCount(stored.objects)} new objects; ${formatCount(stored.reused)} of earlier snapshots used again`,
    `  took      ${formatDuration(durationMs)}${rate}`,
    ...report.findings.map(finding => `  not kept  ${finding}`),
    'next: `ecomdb drill` restores it and proves every row',
  ].join('\n')
}

/** `ecomdb backup logical --dry-run` for people. */
export function logicalBackupPreviewText(preview: LogicalBackupPreview): string {
  const rows = preview.tables.map(({ schema, name, rows, bytes, order }) => [
    `  ${schema}.${name}`,
    `~${formatCount(rows)}`,
    `~${formatBytes(bytes)}`,
    order,
  ])
  return [
    `would back up ${preview.engine} ${preview.serverVersion} to ${preview.target}`,
    ...preview.steps.map((step, index) => `  ${index + 1}. ${step}`),
    `tables (the server's own guesses), ${preview.readers} readers:`,
    alignColumns(
      [['  TABLE', 'ROWS', 'BYTES', 'ORDER'], ...rows],
      ['left', 'right', 'right', 'left'],
    ),
    `and ${formatCount(preview.programs)} views, routines, triggers and events, ${formatCount(preview.accounts)} accounts and roles`,
    `encrypted to ${preview.recipients.join(', ')}`,
    'nothing was locked, read or stored',
  ].join('\n')
}
