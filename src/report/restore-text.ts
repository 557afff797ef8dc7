import { countOf, formatBytes, formatCount, formatDuration } from '#core/units'
import type { RestoredTrailReport } from '#domain/audit/audit-report'
import type { Check } from '#domain/backup/check'
import { RESTORE_STAGES } from '#domain/backup/restore-plan'
import { alignColumns } from './align-columns.ts'

const OUTCOME = { passed: 'ok', failed: 'FAILED', unchecked: 'not checked' } as const

/** A line for each check, and one for each difference below it. */
export function checkLines(checks: readonly Check[]): string[] {
  const width = Math.max(0, ...checks.map(({ name }) => name.length))
  return checks.flatMap(({ name, outcome, summary, differences }) => [
    `${name.padEnd(width)}  ${OUTCOME[outcome].padEnd(6)}  ${summary}`,
    ...differences.map(difference => `  ${difference}`),
  ])
}

/** What `ecomdb restore` has to tell; the workflow's report is one. */
export interface RestoreText {
  snapshotId: string
  consistentAt: string
  databases: readonly string[]
  tables: number
  rows: number
  bytes: number
  notes: readonly string[]
  findings: readonly string[]
  method: 'infile' | 'insert'
  plan: readonly { stage: string; object: string; schema: string | null; sql: string }[]
  outcome: {
    restoreMs: number
    readBackMs: number
    checks: readonly Check[]
    warnings: readonly string[]
    continuedRows: number | null
    trail: RestoredTrailReport | null
  } | null
}

/** `ecomdb restore` for people: the plan for a dry run, else what was done. */
export function restoreText(report: RestoreText): string {
  const amounts = `${formatCount(report.rows)} rows (${formatBytes(report.bytes)}) in ${formatCount(report.tables)} ${report.tables === 1 ? 'table' : 'tables'} of ${report.databases.join(', ')}`
  const notes = [
    ...report.notes.map(note => `note: ${note}`),
    ...report.findings.map(found => `FINDING: ${found}`),
  ]
  if (!report.outcome)
    return [...planLines(report), ...notes, `would restore ${amounts}`].join('\n')
  const { restoreMs, readBackMs, checks, warnings, continuedRows, trail } = report.outcome
  return [
    alignColumns(
      [
        ['snapshot', report.snapshotId],
        ['shows', report.consistentAt],
      ],
      ['left', 'left'],
    ),
    '',
    ...checkLines(checks),
    '',
    ...warnings.map(warning => `the server warned: ${warning}`),
    ...notes,
    ...(trail ? trailLines(trail) : []),
    ...(continuedRows === null
      ? []
      : [`continued: ${formatCount(continuedRows)} rows were there already`]),
    `restored ${amounts} in ${formatDuration(restoreMs)}, read back and compared in ${formatDuration(readBackMs)}`,
  ].join('\n')
}

/** Where the audit trail is now, and what the sealer will do. */
function trailLines(trail: RestoredTrailReport): string[] {
  const { restoredTo, anchored, restoreId, erased, findings } = trail
  const state = `the audit trail came back up to batch ${restoredTo}; its anchors go up to ${anchored}`
  const next = restoreId
    ? ['the restore is signed there: the next `ecomdb audit seal` breaks the epoch by itself']
    : []
  const again = erased ? [`${countOf(erased, 'person')} of the erasure ledger erased again`] : []
  return [
    ...[state, ...again, ...next].map(line => `audit: ${line}`),
    ...findings.map(found => `FINDING: audit: ${found}`),
  ]
}

/** Every statement as it would run. */
function planLines({ plan, method, rows }: RestoreText): string[] {
  const lines: string[] = []
  let head = ''
  let loaded = false
  for (const statement of plan) {
    const afterTables = AFTER_ROWS.includes(statement.stage)
    if (afterTables && !loaded) {
      lines.push('', `-- rows: ${formatCount(rows)} by ${METHOD[method]}`)
      loaded = true
    }
    // Several databases may have tables of one name, and a CREATE TABLE does not say in which it is.
    const next = `-- ${statement.stage}${statement.schema === null ? '' : ` of ${statement.schema}`}`
    if (next !== head) lines.push('', next)
    head = next
    lines.push(`${statement.sql};`)
  }
  return [...lines, '']
}

const METHOD = { infile: 'LOAD DATA LOCAL', insert: 'multi-row INSERT (local_infile is off)' }

const AFTER_ROWS: readonly string[] = RESTORE_STAGES.slice(RESTORE_STAGES.indexOf('rows') + 1)
