import { formatBytes, formatCount, formatDuration } from '#core/units'
import type { PhysicalBackupReport } from '#domain/backup/physical-backup-report'
import { positionText } from './position-text.ts'

/** `ecomdb backup physical` for people. */
export function physicalBackupText(report: PhysicalBackupReport): string {
  const { stored, blocks, durationMs, bytes, lockedMs } = report
  const rate = durationMs > 0 ? `, ${formatBytes(Math.round((bytes / durationMs) * 1000))}/s` : ''
  // By what each engine's figure is of.
  const who = report.engine === 'mysql' ? 'writers' : 'commits'
  const waited = lockedMs === null ? '' : `, ${who} waited for at most ${formatCount(lockedMs)} ms`
  return [
    `snapshot ${report.snapshotId} is in ${report.target}`,
    `  shows     ${report.engine} ${report.serverVersion} at ${report.consistentAt}`,
    `  files     ${formatCount(report.files)} of ${report.databases.join(', ') || 'no database'} and the server; ${formatBytes(bytes)}${report.base ? `, what has changed since ${report.base}` : ''}`,
    `  point     ${report.copiedBy}${waited}; ${positionText(report.position)}`,
    `  blocks    ${formatCount(blocks.newBlocks)} new, ${formatCount(blocks.usedAgain)} used again, ${formatCount(blocks.zeros)} of zeros`,
    `  stored    ${formatBytes(stored.bytes)} in ${formatCount(stored.objects)} new objects; ${formatCount(stored.reused)} of earlier snapshots used again`,
    `  took      ${formatDuration(durationMs)}${rate}`,
    ...report.findings.map(finding => `  not kept  ${finding}`),
    'next: `ecomdb drill` starts a server from it and reads every table',
  ].join('\n')
}
