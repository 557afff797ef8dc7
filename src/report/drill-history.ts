import { formatBytes, formatCount, formatDuration } from '#core/units'
import type { DrillRecord } from '#domain/status/drill-record'
import { alignColumns } from './align-columns.ts'
import { escapeHtml } from './html.ts'
import { linePlot } from './line-plot.ts'

export interface DrillHistoryView {
  target: string
  drills: readonly DrillRecord[]
  objectives: { rtoMs: number | null; rpoMs: number | null }
  refused: readonly { name: string; why: string }[]
  verdict: string
}

/** `ecomdb drill history` for people. */
export function drillHistoryText({ drills, refused, verdict }: DrillHistoryView): string {
  const rows = drills.map(drill => [
    shortTime(drill.at),
    drill.snapshotId,
    drill.method,
    drill.copyId === null ? 'repository' : `copy ${drill.copyId.slice(0, 8)}`,
    drill.outcome === 'passed' ? 'passed' : 'FAILED',
    drill.rtoMs === null ? '' : formatDuration(drill.rtoMs),
    drill.rpoMs === null ? '' : formatDuration(drill.rpoMs),
    drill.rows === null ? '' : formatCount(drill.rows),
    drill.moment ?? '',
  ])
  const header = [
    'DRILLED (UTC)',
    'SNAPSHOT',
    'METHOD',
    'FROM',
    'OUTCOME',
    'RTO',
    'RPO',
    'ROWS',
    'MOMENT',
  ]
  const table = alignColumns(
    [header, ...rows],
    ['left', 'left', 'left', 'left', 'left', 'right', 'right', 'right', 'left'],
  )
  return [
    ...(rows.length ? [table] : []),
    ...refused.map(({ name, why }) => `NOT BELIEVED  ${name}: ${why}`),
    verdict,
  ].join('\n')
}

/** The same as a page with plots: no script, nothing from elsewhere, light and dark. */
export function drillHistoryHtml(view: DrillHistoryView): string {
  const { target, drills, objectives, verdict } = view
  const passed = drills.filter(({ outcome }) => outcome === 'passed')
  const points = (value: (drill: DrillRecord) => number | null) =>
    passed.flatMap(drill => {
      const y = value(drill)
      return y === null ? [] : [{ at: drill.at, y }]
    })
  const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000)
  const plots = [
    linePlot({
      title: 'Time to restore (RTO)',
      points: points(one => seconds(one.rtoMs)),
      limit: seconds(objectives.rtoMs),
      format: s => formatDuration(s * 1000),
    }),
    linePlot({
      title: 'Age of the backup (RPO)',
      points: points(one => seconds(one.rpoMs)),
      limit: seconds(objectives.rpoMs),
      format: s => formatDuration(s * 1000),
    }),
    linePlot({
      title: 'Size, encrypted',
      points: points(one => one.storedBytes),
      limit: null,
      format: formatBytes,
    }),
  ]
  const row = (drill: DrillRecord): string =>
    `<tr class="${drill.outcome}"><td>${shortTime(drill.at)}</td><td>${drill.outcome === 'passed' ? '✓ passed' : '✗ failed'}</td><td class="number">${drill.rtoMs === null ? '' : formatDuration(drill.rtoMs)}</td><td class="number">${drill.rpoMs === null ? '' : formatDuration(drill.rpoMs)}</td><td class="number">${drill.rows === null ? '' : formatCount(drill.rows)}</td><td>${drill.copyId === null ? 'repository' : `copy ${escapeHtml(drill.copyId.slice(0, 8))}`}</td><td>${escapeHtml(drill.snapshotId)}</td></tr>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Restore drills</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Restore drills</h1>
<p>${escapeHtml(target)}</p>
<p class="verdict">${escapeHtml(verdict)}</p>
${plots.join('\n')}
<table><thead><tr><th scope="col">Drilled (UTC)</th><th scope="col">Outcome</th><th scope="col">RTO</th><th scope="col">RPO</th><th scope="col">Rows</th><th scope="col">From</th><th scope="col">Snapshot</th></tr></thead>
<tbody>${drills.toReversed().map(row).join('\n')}</tbody></table>
</main>
</body>
</html>
`
}

const shortTime = (iso: string): string => iso.slice(0, 16).replace('T', ' ')

const STYLE = `
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --soft: #555; --line: #d0d5da; --good: #196f3d; --bad: #a93226 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #16191c; --soft: #a8b0b8; --line: #3a4148; --good: #7dcea0; --bad: #f1948a } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 }
main { max-width: 58rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 } p { color: var(--soft); margin: .25rem 0 } .verdict { font-weight: bold; color: var(--ink) }
figure { margin: 1.5rem 0 } figcaption { font-weight: bold }
svg.plot { width: 100%; height: auto; display: block } svg.plot text { font: 11px system-ui, sans-serif; fill: var(--soft) }
.axis { stroke: var(--line) } .series { fill: none; stroke: var(--good); stroke-width: 2 } .dot { fill: var(--good) } .limit { stroke: var(--bad); stroke-dasharray: 6 4 }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere }
th { font-weight: normal; color: var(--soft) } .number { text-align: right; white-space: nowrap } .failed td { color: var(--bad) }
@media print { :root { --ink: #000; --paper: #fff; --soft: #444; --line: #bbb } main { margin: 0; max-width: none } tr, figure { break-inside: avoid } }
`
