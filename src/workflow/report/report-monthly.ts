import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '#config/config'
import type { Clock } from '#core/clock'
import { EcomdbError, ERROR_CODES, type ErrorCode, exitMeaning } from '#core/errors'
import { onInterrupt } from '#core/interruption'
import type { Progress } from '#core/progress'
import { translateStorageError } from '#core/storage-error'
import { monthBefore, periodOfMonth } from '#domain/report/month'
import {
  type MonthlyPage,
  type MonthlyReportName,
  type MonthlyReports,
  monthlyReportArgv,
} from '#domain/report/monthly-report'
import type { Period } from '#domain/report/period'
import type { RecoveryPolicy } from '#domain/retention/recovery-policy'
import type { ProgramCommand } from '#process/program'
import { startChild } from '#process/run-child'

export interface MonthlyOptions {
  config: Pick<Config, 'file'>
  policy: RecoveryPolicy
  /** How this ecomdb is started. */
  program: ProgramCommand
  /** Absolute; a folder of each month is made in it. */
  folder: string
  /** "2026-10"; undefined: the month before this one, in the time zone of the schedule. */
  month: string | undefined
  /** Also write those anew that are there. */
  again: boolean
  clock: Clock
  progress: Progress
}

const LIMIT_MS = 3_600_000
const GRACE_MS = 30_000

/**
 * `ecomdb report monthly`: each page by an ecomdb of its own, so that one that cannot be made
 * takes no other with it. Once all are there they are kept; until then each run makes all of them,
 * so that what one tells of is told by the run that succeeds, too.
 *
 * @throws EcomdbError USAGE for a month that is not over; STORAGE_FAILED; and the first page's own
 *   code, after all others were tried
 */
export async function reportMonthly(options: MonthlyOptions): Promise<MonthlyReports> {
  const { policy, clock } = options
  const last = monthBefore(clock.now(), policy.schedule.timeZone)
  const month = options.month ?? last
  const period = periodOfMonth(month, last)
  const folder = join(options.folder, month)
  // What the pages say of people is for whoever may read them.
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(error => {
    throw translateStorageError(error, `cannot make the folder ${folder}`)
  })
  const complete = join(folder, '.complete')
  const isKept = existsSync(complete) && !options.again
  const pages: MonthlyPage[] = []
  const failures: EcomdbError[] = []
  for (const report of policy.reports) {
    try {
      const file = join(folder, `${report}.html`)
      if (isKept && existsSync(file)) pages.push({ report, file, state: 'there', status: 0 })
      else pages.push(await makePage(report, period, file, options))
    } catch (error) {
      if (!(error instanceof EcomdbError) || error.code === 'INTERRUPTED') throw error
      failures.push(error)
    }
  }
  const [first] = failures
  if (!first) {
    await writeFile(complete, `${clock.now().toISOString()}\n`).catch(error => {
      throw translateStorageError(error, `cannot write ${complete}`)
    })
    return { month, folder, pages }
  }
  throw new EcomdbError(first.code, {
    what: `${failures.length} of ${policy.reports.length} reports of ${month} were not made`,
    why: failures.map(({ message }) => message).join('; '),
    hints: [...first.hints, `the others are in ${folder}`],
    cause: first,
  })
}

async function makePage(
  report: MonthlyReportName,
  period: Period,
  file: string,
  { config, program, progress }: MonthlyOptions,
): Promise<MonthlyPage> {
  progress.stage(`report ${report}`)
  const where = config.file === null ? [] : ['--config', config.file]
  const args = [...monthlyReportArgv(report, period, file), ...where, '--json', '--quiet']
  const child = startChild(program, args, { limitMs: LIMIT_MS, graceMs: GRACE_MS })
  const forget = onInterrupt(async () => {
    child.stop()
    await child.ended.catch(() => {})
  })
  try {
    const { stdout, stderr } = await child.ended
    const { status, result, error } = documentOf(stdout)
    if (result?.file === undefined) throw failureOf(report, error, stderr)
    if (status) progress.warn(`${report}: ${exitMeaning(status)}: see ${file}`)
    return { report, file, state: 'written', status: status ?? 0 }
  } finally {
    forget()
  }
}

interface PageDocument {
  status?: number
  result?: { file?: string }
  error?: { code: string; what: string; why?: string | null; hints: string[] }
}

function documentOf(stdout: string): PageDocument {
  try {
    return JSON.parse(stdout) as PageDocument
  } catch {
    return {}
  }
}

function failureOf(
  report: MonthlyReportName,
  error: PageDocument['error'],
  stderr: string,
): EcomdbError {
  const code = (error?.code ?? '') in ERROR_CODES ? (error?.code as ErrorCode) : 'TOOL_FAILED'
  const lines = stderr.trim().split('\n').slice(-3).join('; ')
  return new EcomdbError(code, {
    what: `${report}: ${error?.what ?? 'it ended without a document'}`,
    why: error?.why ?? (lines || undefined),
    hints: error?.hints ?? [],
  })
}
