import { option, string } from '@oclif/core/flags'
import {
  type ReportTable,
  renderTable,
  TABLE_FORMATS,
  type TableFormat,
} from '#report/report-table'
import type { Outcome } from './base-command.ts'
import { writeOutput } from './write-output.ts'

export const outFlag = {
  out: string({
    char: 'o',
    helpValue: 'FILE',
    summary: 'write it to this file instead of standard output; a file of this name is replaced',
  }),
}

/** For every report over a period. */
export const reportFlags = {
  from: string({ required: true, helpValue: 'DAY', summary: 'first day, e.g. 2013-11-01' }),
  to: string({ required: true, helpValue: 'DAY', summary: 'last day, included' }),
  format: option({
    options: TABLE_FORMATS,
    default: 'text',
    summary: 'a table to read, a file for a spreadsheet, or a page for a browser',
  })(),
  ...outFlag,
}

/** A report in the format asked for, on standard output or in a file. */
export async function outputReport<Report extends object>(
  report: Report,
  table: ReportTable,
  { format, out }: { format: TableFormat; out?: string | undefined },
): Promise<Outcome<Report & { file?: string }>> {
  const text = renderTable(table, format)
  if (out === undefined) return { result: report, text }
  const file = await writeOutput(out, text, '--out')
  return { result: { ...report, file }, text: `wrote ${file}` }
}
