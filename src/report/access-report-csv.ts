import type { AccessReport } from '#domain/access/access-report'
import { type ReportTable, renderTable } from './report-table.ts'

/** The people of an access report, one a row, for a spreadsheet. */
export function accessReportCsv(report: AccessReport): string {
  const text = (name: string) => ({ name, heading: name, kind: 'text' as const })
  const table: ReportTable = {
    title: 'Access',
    note: '',
    context: [
      { name: 'as_of', value: report.at },
      { name: 'database', value: report.database },
    ],
    columns: [
      ...[text('person'), text('full_name'), text('state'), text('left_at'), text('may')],
      ...[text('roles'), text('granted_until'), text('own_tables'), text('behind_programs')],
      ...[text('sensitive_tables'), text('accounts'), text('second_factor'), text('last_login')],
      text('unused_90_days'),
    ],
    rows: report.people.map(one => [
      ...[one.person, one.fullName, one.state, one.leftAt ?? '', one.exposure],
      one.roles
        .map(({ role, by }) => (by === 'break-glass' ? `${role} (break-glass)` : role))
        .join('; '),
      one.roles.map(({ endsAt }) => endsAt?.slice(0, 10) ?? 'no end').join('; '),
      ...[one.tables.join('; '), one.throughPrograms.join('; '), one.sensitive.join('; ')],
      one.accounts.map(({ account, there }) => (there ? account : `${account} (gone)`)).join('; '),
      ...[one.secondFactor, one.lastLogin ?? 'unknown'],
      one.unused === null ? 'unknown' : one.unused ? 'yes' : 'no',
    ]),
  }
  return renderTable(table, 'csv')
}
