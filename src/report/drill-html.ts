import { formatBytes, formatCount, formatDuration } from '#core/units'
import type { Check } from '#domain/backup/check'
import { comparedRows, type DrillReport, type TimedStage } from '#domain/backup/drill-report'
import { failOnlyAtMoment } from '#domain/backup/proof-of-snapshot'
import { closingLine } from './drill-text.ts'
import { escapeHtml } from './html.ts'
import {
  badge,
  factTable,
  figures,
  type Html,
  html,
  line,
  list,
  paragraph,
  renderPage,
  section,
  type TableRow,
  table,
  together,
} from './page.ts'
import { SERIES } from './page-style.ts'

/** The drill for a manager or an auditor. */
export function drillReportHtml(report: DrillReport): string {
  const passed = report.outcome === 'passed'
  const missed = report.missed.length > 0
  return renderPage({
    title: `Restore drill ${passed ? 'passed' : 'FAILED'}, ${report.completedAt.slice(0, 10)}`,
    verdict: { text: passed ? 'Passed' : 'Failed', tone: passed ? 'good' : 'bad' },
    heading: `Restore drill of ${report.databases.join(', ')}`,
    lead: verdictSentence(report),
    body: [
      measured(report),
      ...(missed ? [paragraph(`Objective missed. ${report.missed.join('; ')}`, 'bad')] : []),
      section('What was compared', checkTable(report.checks)),
      section('Where the time went', stageBar(report.stages)),
      section('About this drill', about(report)),
    ],
    footer: closingLine(report),
  })
}

function verdictSentence(report: DrillReport): string {
  const when = `The backup of ${report.consistentAt.slice(0, 16).replace('T', ' ')} UTC`
  if (report.outcome === 'passed' && !comparedRows(report)) {
    return `${when} was restored; a server started on it, every page has its checksum, and every table was read in full. Its rows were not compared with those of the source.`
  }
  if (report.outcome === 'passed') {
    return `${when} was restored into an empty server, and everything in it was read back and found as it was backed up.`
  }
  if (failOnlyAtMoment(report.checks)) {
    return `${when} came back, but the moment of the log that was to follow it did not: see below. Other moments after it may not come back either: make a new backup, and drill a moment again.`
  }
  return `${when} did not come back as it was backed up. Do not rely on it: make a new backup and drill that one.`
}

function measured(report: DrillReport): Html {
  const { rtoMs, rpoMs, objectives } = report
  const within = (limit: number | null, is: number): string =>
    limit === null
      ? 'no objective set'
      : `objective ${formatDuration(limit)}: ${is > limit ? 'missed' : 'met'}`
  return figures([
    {
      label: 'Time to restore (RTO)',
      value: formatDuration(rtoMs),
      note: within(objectives.rtoMs, rtoMs),
    },
    {
      label: 'Age of the backup (RPO)',
      value: formatDuration(rpoMs),
      note: within(objectives.rpoMs, rpoMs),
    },
    {
      label: 'Rows',
      value: formatCount(report.rows),
      note: `in ${formatCount(report.tables)} tables`,
    },
    {
      label: 'Objects',
      value: formatCount(report.objects),
      note: 'tables, programs, accounts',
    },
  ])
}

const OUTCOME = { passed: '✓ equal', failed: '✗ different', unchecked: '– not checked' } as const

const TONE = { passed: 'good', failed: 'bad', unchecked: 'plain' } as const

function checkTable(checks: readonly Check[]): Html {
  const columns = [
    { heading: 'Check', narrow: true },
    { heading: 'Result', narrow: true },
    { heading: 'What' },
  ]
  const rows = checks.map(({ name, outcome, summary, differences }) => ({
    tone: TONE[outcome],
    cells: [
      name,
      { markup: badge(OUTCOME[outcome], TONE[outcome]) },
      { markup: together(line(summary), list(differences)) },
    ],
  }))
  return table(columns, rows)
}

const BAR_WIDTH = 1000
const BAR_HEIGHT = 28

/** One bar of all stages, and its legend as a table: the picture alone would say little. */
function stageBar(stages: readonly TimedStage[]): Html {
  const total = stages.reduce((sum, { ms }) => sum + ms, 0) || 1
  let x = 0
  const parts = stages.map(({ name, ms }, place) => {
    const width = (ms / total) * BAR_WIDTH
    const part = `<rect class="s${place % SERIES.length}" x="${x.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="${BAR_HEIGHT}"><title>${escapeHtml(`${name}: ${formatDuration(ms)}`)}</title></rect>`
    x += width
    return part
  })
  const picture = html(
    `<svg class="bar" viewBox="0 0 ${BAR_WIDTH} ${BAR_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="time of each stage">${parts.join('')}</svg>`,
  )
  const legend = stages.map(({ name, ms }, place): TableRow => {
    const key = html(
      `<svg class="key" viewBox="0 0 10 10" aria-hidden="true"><rect class="s${place % SERIES.length}" width="10" height="10"/></svg> ${escapeHtml(name)}`,
    )
    return {
      cells: [{ markup: key }, formatDuration(ms), `${Math.round((ms / total) * 100)} %`],
    }
  })
  const columns = [
    { heading: 'Stage' },
    { heading: 'Time', number: true },
    { heading: 'Share', number: true },
  ]
  return together(picture, table(columns, legend))
}

function about(report: DrillReport): Html {
  const facts: [string, string][] = [
    ['Snapshot', report.snapshotId],
    ['Repository', `${report.repositoryId} in ${report.target}`],
    ['Backed up from', `${report.engine} ${report.sourceVersion}`],
    ['Restored into', `a private ${report.engine} ${report.scratchVersion}, removed afterwards`],
    [
      'Read',
      `${formatBytes(report.storedBytes)} encrypted, ${formatBytes(report.rowBytes)} of rows`,
    ],
    ['Started', report.startedAt],
    ['Completed', report.completedAt],
    ['Signed by', report.signer ?? 'nobody'],
    ['Attestation', report.attestationId ?? 'none was written'],
  ]
  return factTable(facts)
}
