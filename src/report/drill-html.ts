import { formatBytes, formatCount, formatDuration } from '#core/units'
import type { Check } from '#domain/backup/check'
import { comparedRows, type DrillReport, type TimedStage } from '#domain/backup/drill-report'
import { closingLine } from './drill-text.ts'
import { escapeHtml } from './html.ts'

/**
 * The drill for a manager or an auditor: one file, no script, nothing from the network,
 * light and dark, fit to print.
 */
export function drillReportHtml(report: DrillReport): string {
  const passed = report.outcome === 'passed'
  const title = `Restore drill ${passed ? 'passed' : 'FAILED'}, ${report.completedAt.slice(0, 10)}`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header class="${report.outcome}">
<p class="verdict">${passed ? 'Passed' : 'Failed'}</p>
<h1>Restore drill of ${escapeHtml(report.databases.join(', '))}</h1>
<p>${escapeHtml(verdictSentence(report))}</p>
</header>
${figures(report)}
${missedSection(report)}
<h2>What was compared</h2>
${checkTable(report.checks)}
<h2>Where the time went</h2>
${stageBar(report.stages)}
<h2>About this drill</h2>
${factTable(report)}
<footer>${escapeHtml(closingLine(report))}</footer>
</main>
</body>
</html>
`
}

function verdictSentence(report: DrillReport): string {
  const when = `The backup of ${report.consistentAt.slice(0, 16).replace('T', ' ')} UTC`
  if (report.outcome === 'passed' && !comparedRows(report)) {
    return `${when} was restored; a server started on it, every page has its checksum, and every table was read in full. Its rows were not compared with those of the source.`
  }
  if (report.outcome === 'passed') {
    return `${when} was restored into an empty server, and everything in it was read back and found as it was backed up.`
  }
  return `${when} did not come back as it was backed up. Do not rely on it: make a new backup and drill that one.`
}

function figures(report: DrillReport): string {
  const { rtoMs, rpoMs, objectives } = report
  const within = (limit: number | null, is: number): string =>
    limit === null
      ? 'no objective set'
      : `objective ${formatDuration(limit)}: ${is > limit ? 'missed' : 'met'}`
  const figure = (value: string, label: string, note: string): string =>
    `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd><dd class="note">${escapeHtml(note)}</dd></div>`
  return `<dl class="figures">
${figure(formatDuration(rtoMs), 'Time to restore (RTO)', within(objectives.rtoMs, rtoMs))}
${figure(formatDuration(rpoMs), 'Age of the backup (RPO)', within(objectives.rpoMs, rpoMs))}
${figure(formatCount(report.rows), 'Rows', `in ${formatCount(report.tables)} tables`)}
${figure(formatCount(report.objects), 'Objects', 'tables, programs, accounts')}
</dl>`
}

function missedSection({ missed }: DrillReport): string {
  if (missed.length === 0) return ''
  return `<p class="missed">Objective missed. ${escapeHtml(missed.join('; '))}</p>`
}

const OUTCOME = { passed: '✓ equal', failed: '✗ different', unchecked: '– not checked' } as const

function checkTable(checks: readonly Check[]): string {
  const row = ({ name, outcome, summary, differences }: Check): string => {
    const list = differences.length
      ? `<ul>${differences.map(one => `<li>${escapeHtml(one)}</li>`).join('')}</ul>`
      : ''
    return `<tr class="${outcome}"><th scope="row">${escapeHtml(name)}</th><td class="outcome">${OUTCOME[outcome]}</td><td>${escapeHtml(summary)}${list}</td></tr>`
  }
  return `<table><thead><tr><th scope="col">Check</th><th scope="col">Result</th><th scope="col">What</th></tr></thead>
<tbody>${checks.map(row).join('\n')}</tbody></table>`
}

const BAR_WIDTH = 1000
const BAR_HEIGHT = 28

/** One bar of all stages, and its legend as a table: the picture alone would say little. */
function stageBar(stages: readonly TimedStage[]): string {
  const total = stages.reduce((sum, { ms }) => sum + ms, 0) || 1
  let x = 0
  const parts = stages.map(({ name, ms }, place) => {
    const width = (ms / total) * BAR_WIDTH
    const part = `<rect class="s${place % COLOURS.length}" x="${x.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="${BAR_HEIGHT}"><title>${escapeHtml(`${name}: ${formatDuration(ms)}`)}</title></rect>`
    x += width
    return part
  })
  const legend = stages.map(
    ({ name, ms }, place) =>
      `<tr><td><svg class="key" viewBox="0 0 10 10" aria-hidden="true"><rect class="s${place % COLOURS.length}" width="10" height="10"/></svg> ${escapeHtml(name)}</td><td class="number">${formatDuration(ms)}</td><td class="number">${Math.round((ms / total) * 100)} %</td></tr>`,
  )
  return `<svg class="bar" viewBox="0 0 ${BAR_WIDTH} ${BAR_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="time of each stage">${parts.join('')}</svg>
<table class="legend"><tbody>${legend.join('\n')}</tbody></table>`
}

function factTable(report: DrillReport): string {
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
  const row = ([name, value]: [string, string]): string =>
    `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`
  return `<table><tbody>${facts.map(row).join('\n')}</tbody></table>`
}

/** Told apart without colour too: the legend is in the same order, and neighbours differ in lightness. */
const COLOURS = [
  '#1b4f72',
  '#5dade2',
  '#196f3d',
  '#7dcea0',
  '#7e5109',
  '#f5b041',
  '#6c3483',
  '#bb8fce',
]

const STYLE = `
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --soft: #555; --line: #d0d5da; --good: #196f3d; --bad: #a93226 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #16191c; --soft: #a8b0b8; --line: #3a4148; --good: #7dcea0; --bad: #f1948a } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 }
main { max-width: 58rem; margin: 2rem auto; padding: 0 1rem }
header { border-left: .5rem solid var(--good); padding: .25rem 0 .25rem 1rem }
header.failed { border-color: var(--bad) }
.verdict { margin: 0; font-weight: bold; text-transform: uppercase; letter-spacing: .08em; color: var(--good) }
.failed .verdict, tr.failed td, .missed { color: var(--bad) }
.missed { font-weight: bold }
h1 { margin: 0; font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
.figures { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1.5rem 0 }
.figures dt { color: var(--soft) } .figures dd { margin: 0; font-size: 1.6rem; font-variant-numeric: tabular-nums }
.figures dd.note { font-size: .9rem; color: var(--soft) }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere }
th, .outcome { white-space: nowrap } th[scope=row] { font-weight: normal; color: var(--soft) }
ul { margin: .25rem 0 0; padding-left: 1.2rem }
.number { text-align: right; font-variant-numeric: tabular-nums }
.bar { width: 100%; height: 1.75rem; display: block } .legend { width: auto; margin-top: .5rem }
.key { width: .8em; height: .8em }
${COLOURS.map((colour, place) => `.s${place} { fill: ${colour} }`).join('\n')}
footer { margin: 2rem 0; font-weight: bold }
@media print { :root { --ink: #000; --paper: #fff; --soft: #444; --line: #bbb; --good: #196f3d; --bad: #a93226 } main { margin: 0; max-width: none } * { print-color-adjust: exact } tr { break-inside: avoid } }
`
