import { formatBytes, formatCount, formatDuration } from '#core/units'
import { comparedRows, type DrillReport } from '#domain/backup/drill-report'
import { failOnlyAtMoment } from '#domain/backup/proof-of-snapshot'
import { alignColumns } from './align-columns.ts'
import { unsteadyLines } from './backup-text.ts'
import { checkLines } from './restore-text.ts'

/** `ecomdb drill` for people. The last line says it all. */
export function drillReportText(report: DrillReport): string {
  const { engine, sourceVersion, scratchVersion } = report
  const facts: [string, string][] = [
    [
      'snapshot',
      `${report.snapshotId} in ${report.target}${report.part ? ', of some databases only' : ''}`,
    ],
    ['shows', `${report.consistentAt} (${formatDuration(report.rpoMs)} before the drill)`],
    ['restored', `${engine} ${sourceVersion} into a private ${engine} ${scratchVersion}`],
    ['read', `${formatBytes(report.storedBytes)} stored, ${formatBytes(report.rowBytes)} of rows`],
    ['attested', report.attestationId ? `${report.attestationId} by ${report.signer}` : 'no'],
  ]
  return [
    alignColumns(facts, ['left', 'left']),
    '',
    ...checkLines(report.checks),
    '',
    alignColumns(
      report.stages.map(({ name, ms }) => [name, formatDuration(ms)]),
      ['left', 'right'],
    ),
    '',
    ...report.missed.map(line => `OBJECTIVE MISSED  ${line}`),
    ...unsteadyLines(report.unsteady ?? []),
    closingLine(report),
  ].join('\n')
}

/** "proved: 1,234 rows, 56 objects, RTO 7.8 s" */
export function closingLine(report: DrillReport): string {
  const amounts = `${formatCount(report.rows)} rows, ${formatCount(report.objects)} objects`
  const rto = `RTO ${formatDuration(report.rtoMs)}`
  if (report.outcome === 'passed' && comparedRows(report)) return `proved: ${amounts}, ${rto}`
  if (report.outcome === 'passed') {
    return `restored, started and read in full: ${amounts}, ${rto}; not compared with the source's rows`
  }
  if (failOnlyAtMoment(report.checks)) {
    return `NOT PROVED: moment failed, of the log; the snapshot came back (${amounts}, ${rto}): make a new backup, and drill with --any-moment again`
  }
  const failed = report.checks.filter(({ outcome }) => outcome === 'failed')
  return `NOT PROVED: ${failed.map(({ name }) => name).join(', ')} failed; make a new backup, then drill again`
}
