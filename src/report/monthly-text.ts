import { exitMeaning } from '#core/errors'
import type { MonthlyReports } from '#domain/report/monthly-report'
import { alignColumns } from './align-columns.ts'

/** `ecomdb report monthly` for people. */
export function monthlyText({ month, folder, pages }: MonthlyReports): string {
  const rows = pages.map(({ report, state, file }) => [
    '',
    report,
    state === 'written' ? file : `${file} was there, and is kept`,
  ])
  const look = pages.filter(({ status }) => status !== 0)
  return [
    `${month}, in ${folder}`,
    alignColumns(rows, ['left', 'left', 'left']),
    ...look.map(({ report, status }) => `look at: ${report}: ${exitMeaning(status)}`),
  ].join('\n')
}
