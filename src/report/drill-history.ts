import { formatBytes, formatCount, formatDuration } from '#core/units'
import { type DrillRecord, decisiveDrill, drillsOfWhole } from '#domain/status/drill-record'
import { alignColumns } from './align-columns.ts'
import { linePlot } from './line-plot.ts'
import { badge, renderPage, type TableRow, table } from './page.ts'

export interface DrillHistoryView {
  target: string
  drills: readonly DrillRecord[]
  /** Of which drills are asked. */
  servers: readonly string[]
  objectives: { rtoMs: number | null; rpoMs: number | null }
  refused: readonly { name: string; why: string }[]
  verdict: string
}

/** `ecomdb drill history` for people. */
export function drillHistoryText({ drills, refused, verdict }: DrillHistoryView): string {
  const rows = drills.map(drill => [
    shortTime(drill.at),
    drill.snapshotId,
    `${drill.method}${drill.partOnly ? ' (part)' : ''}`,
    drill.copyId === null ? 'repository' : `copy ${drill.copyId.slice(0, 8)}`,
    drill.outcome === 'passed' ? 'passed' : drill.atMoment ? 'moment FAILED' : 'FAILED',
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
    ...(drills.some(({ partOnly }) => partOnly) ? [PART_ONLY] : []),
    ...refused.map(({ name, why }) => `NOT BELIEVED  ${name}: ${why}`),
    verdict,
  ].join('\n')
}

const PART_ONLY = '(part): of some databases only, which proves nothing of all'

/** The same as a page with plots. */
export function drillHistoryHtml({
  target,
  drills,
  servers,
  objectives,
  verdict,
}: DrillHistoryView): string {
  const whole = drillsOfWhole(drills)
  const passed = whole.filter(({ outcome }) => outcome === 'passed')
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
  return renderPage({
    title: 'Restore drills',
    verdict: headline(whole, servers),
    heading: 'Restore drills',
    lead: target,
    body: [...plots, table(COLUMNS, drills.toReversed().map(drillRow))],
    footer: verdict,
  })
}

/** Not of servers that are gone, where there are others. */
function headline(
  whole: readonly DrillRecord[],
  servers: readonly string[],
): { text: string; tone: 'good' | 'bad' } | null {
  const asked = whole.filter(({ sourceId }) => sourceId === null || servers.includes(sourceId))
  const counting = servers.length === 0 ? whole : asked
  const decisive = decisiveDrill(counting)
  if (!decisive) return null
  const { at, method, outcome, atMoment } = decisive
  const which =
    decisive === counting.at(-1) ? 'the last one' : `the ${method} one of ${shortTime(at)}`
  return {
    text: `${which} ${outcome}${atMoment ? ' at its moment of the log' : ''}`,
    tone: outcome === 'passed' ? 'good' : 'bad',
  }
}

const COLUMNS = [
  { heading: 'Drilled (UTC)', narrow: true },
  { heading: 'Outcome', narrow: true },
  { heading: 'RTO', number: true },
  { heading: 'RPO', number: true },
  { heading: 'Rows', number: true },
  { heading: 'From' },
  { heading: 'Snapshot' },
]

function drillRow(drill: DrillRecord): TableRow {
  const { at, outcome, atMoment, rtoMs, rpoMs, rows, copyId, snapshotId, partOnly } = drill
  const good = outcome === 'passed'
  return {
    tone: good ? 'good' : 'bad',
    cells: [
      shortTime(at),
      {
        markup: badge(
          good ? '✓ passed' : `✗ ${atMoment ? 'moment ' : ''}failed`,
          good ? 'good' : 'bad',
        ),
      },
      rtoMs === null ? '' : formatDuration(rtoMs),
      rpoMs === null ? '' : formatDuration(rpoMs),
      rows === null ? '' : formatCount(rows),
      copyId === null ? 'repository' : `copy ${copyId.slice(0, 8)}`,
      partOnly ? `${snapshotId} ${PART_ONLY}` : snapshotId,
    ],
  }
}

const shortTime = (iso: string): string => iso.slice(0, 16).replace('T', ' ')
