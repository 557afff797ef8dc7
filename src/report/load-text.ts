import { formatCount } from '#core/units'

/** The parts of a load's report that its text shows. */
interface LoadFigures {
  dryRun: boolean
  files: readonly (Counts & {
    file: string
    table: string
    filled: Record<string, string>
    resumedAtLine: number | null
  })[]
  rejectsFile: string | null
  orphans: readonly { table: string; column: string; referencedTable: string; count: number }[]
}

interface Counts {
  loaded: number
  present: number
  kept: number
  replaced: number
  rejected: number
}

const WORDS: Record<keyof Counts, string> = {
  loaded: 'loaded',
  present: 'there already',
  kept: 'kept as they were',
  replaced: 'replaced',
  rejected: 'rejected',
}

/** A load's report as text: a line per file, then the sums and what needs a look. */
export function renderLoad(report: LoadFigures & Counts): string {
  const width = Math.max(...report.files.map(({ file }) => file.length))
  const tableWidth = Math.max(...report.files.map(({ table }) => table.length))
  return [
    ...report.files.map(
      file =>
        `  ${file.file.padEnd(width)}  ${file.table.padEnd(tableWidth)}  ${countsText(file)}${remarks(file)}`,
    ),
    summary(report),
    ...report.orphans.map(
      ({ table, column, referencedTable, count }) =>
        `orphans: ${formatCount(count)} rows of ${table} have a ${column} that is not in ${referencedTable}`,
    ),
    ...(report.rejectsFile ? [`look at ${report.rejectsFile}: line, reason and both rows`] : []),
  ].join('\n')
}

function countsText(counts: Counts): string {
  const parts = (Object.keys(WORDS) as (keyof Counts)[])
    .filter(kind => counts[kind] > 0)
    .map(kind => `${formatCount(counts[kind])} ${WORDS[kind]}`)
  return parts.join(', ') || 'no rows'
}

function remarks(file: LoadFigures['files'][number]): string {
  const filled = Object.entries(file.filled).map(([column, value]) => `${column} = ${value}`)
  return [
    ...(file.resumedAtLine === null ? [] : [`went on at line ${formatCount(file.resumedAtLine)}`]),
    ...(filled.length > 0 ? [`without a column for ${filled.join(', ')}`] : []),
  ]
    .map(remark => `  (${remark})`)
    .join('')
}

function summary(report: LoadFigures & Counts): string {
  const changed = report.loaded + report.replaced
  const counts = countsText(report)
  if (report.dryRun) {
    return `dry run, nothing was changed: ${counts}. Foreign keys and CHECKs were not tried, nor keys that two of the files share`
  }
  return changed === 0 ? `nothing was changed: ${counts}` : `done: ${counts}`
}
