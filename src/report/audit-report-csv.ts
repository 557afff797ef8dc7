import type { ListedEvent } from '#domain/audit/listed-event'
import { REPORT_LIST_NAMES, type TrailReport } from '#domain/audit/trail-report'
import { sealWord } from './audit-events-text.ts'
import { type ReportTable, renderTable } from './report-table.ts'

/** Findings, and every event that the report lists, one a row, for a spreadsheet. */
export function auditReportCsv(report: TrailReport): string {
  const { lists, verification } = report
  const text = (name: string) => ({ name, heading: name, kind: 'text' as const })
  const events = REPORT_LIST_NAMES.flatMap(name => lists[name]).sort((a, b) => a.event - b.event)
  const table: ReportTable = {
    title: 'Audit',
    note: '',
    context: [
      { name: 'database', value: report.database },
      { name: 'from', value: report.period.from },
      { name: 'to', value: report.period.to },
    ],
    columns: [
      ...[text('what'), text('event'), text('at_utc'), text('account'), text('person')],
      ...[text('table'), text('row'), text('before_hash'), text('after_hash'), text('detail')],
      ...[text('seal'), text('batch')],
    ],
    rows: [
      ...verification.findings.map(one => [
        ...[`FINDING ${one.kind}`, String(one.event ?? ''), one.from ?? '', one.account ?? '', ''],
        ...[one.table ?? '', one.row ?? '', '', '', one.detail, '', String(one.batch ?? '')],
      ]),
      ...events.map(eventRow),
    ],
  }
  return renderTable(table, 'csv')
}

function eventRow(one: ListedEvent): string[] {
  return [
    ...[one.operation, String(one.event), one.at, one.account, one.person ?? ''],
    ...[one.table ?? '', one.row ?? '', one.before ?? '', one.after ?? ''],
    one.detail === null ? '' : JSON.stringify(one.detail),
    ...[sealWord(one), String(one.seal.batch ?? '')],
  ]
}
