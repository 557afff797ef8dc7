import type { TrailReport } from '#domain/audit/trail-report'
import { auditReportCsv } from './audit-report-csv.ts'
import { auditReportHtml } from './audit-report-html.ts'

export const AUDIT_REPORT_FORMATS = ['html', 'csv', 'json'] as const

/** `ecomdb report audit` in the format asked for. */
export function renderAuditReport(
  report: TrailReport,
  format: (typeof AUDIT_REPORT_FORMATS)[number],
): string {
  if (format === 'html') return auditReportHtml(report)
  return format === 'csv' ? auditReportCsv(report) : `${JSON.stringify(report, null, 2)}\n`
}
