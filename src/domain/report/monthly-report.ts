import type { Period } from './period.ts'

/** The pages that `ecomdb report monthly` can make. */
export const MONTHLY_REPORTS = ['orders', 'access', 'audit', 'recovery'] as const
export type MonthlyReportName = (typeof MONTHLY_REPORTS)[number]

/** The words after `ecomdb` that write one of them. Drills are told of from the first one on. */
export function monthlyReportArgv(
  report: MonthlyReportName,
  { from, to }: Period,
  file: string,
): string[] {
  if (report === 'recovery') return ['drill', 'report', '--out', file]
  return ['report', report, '--from', from, '--to', to, '--format', 'html', '--out', file]
}

/** What became of one page. */
export interface MonthlyPage {
  report: MonthlyReportName
  /** Absolute. */
  file: string
  /** there: it was written before, and is kept. */
  state: 'written' | 'there'
  /**
   * What its command ended with: 3, 13 or 14 where the page tells of something that somebody has
   * to look at; 0 of one that was there, which was told before.
   */
  status: number
}

/** `ecomdb report monthly`. */
export interface MonthlyReports {
  /** "2026-10" */
  month: string
  folder: string
  pages: MonthlyPage[]
}
