import { countOf, formatCount, formatDuration } from '#core/units'
import type { Finding } from '#domain/audit/finding'
import { isBadSeal, type ListedEvent } from '#domain/audit/listed-event'
import {
  type ReportList,
  type TrailReport,
  totalsBy,
  totalsByDay,
} from '#domain/audit/trail-report'
import { actorText, detailText, sealWord } from './audit-events-text.ts'
import { dayPlot, shareBar } from './bar-plot.ts'
import {
  badge,
  factTable,
  figures,
  type Html,
  list,
  paragraph,
  renderPage,
  section,
  type TableRow,
  table,
  together,
} from './page.ts'

/** Of who and of what so many are shown; the rest is a line. */
const MOST_BARS = 15

/** The audit of a period for somebody who has never seen ecomdb: one file, nothing from the network. */
export function auditReportHtml(report: TrailReport): string {
  const { database, period, verification, counts, chats } = report
  const { findings } = verification
  const found = Object.values(verification.counts).reduce((sum, count) => sum + count, 0)
  const isClean = findings.length === 0
  return renderPage({
    title: `Audit of ${database}, ${period.from} to ${period.to}`,
    verdict: {
      text: isClean ? 'Nothing was found' : countOf(found, 'finding'),
      tone: isClean ? 'good' : 'bad',
    },
    heading: `Who did what in ${database}`,
    lead: `Events from ${period.from} to ${period.to}, both days included, UTC; verified as a whole as of ${time(report.at)} UTC.`,
    body: [
      headFigures(report, found),
      section('Findings', findingTable(findings)),
      section(
        'Events',
        dayPlot('Events of each day', bars(totalsByDay(counts, period))),
        countTable(
          'Table',
          totalsBy(counts, ({ table: name }) => name ?? 'none'),
        ),
        countTable(
          'Operation',
          totalsBy(counts, ({ operation }) => operation),
        ),
        countTable('By', totalsBy(counts, actorText)),
      ),
      ...(chats === null ? [] : [section('Chats handled', chatsTable(report))]),
      ...LISTS.map(([name, heading, none]) => section(heading, eventTable(report, name, none))),
      section(
        'About this report',
        factTable(facts(report)),
        list([...verification.told, ...verification.notes]),
      ),
    ],
    footer: null,
  })
}

const LISTS: readonly (readonly [ReportList, string, string])[] = [
  ['changes', 'Rows that were changed or deleted', 'No row was changed or deleted.'],
  ['reads', 'Chats that were read', 'Nobody read a chat by the procedures that record it.'],
  ['erasures', 'People who were erased', 'Nobody was erased.'],
  ['operations', 'What ecomdb did', 'Nothing that changes access, passwords or the audit.'],
  ['rights', 'Changed rights', 'No account came, went, or got other rights.'],
  ['logins', 'Refused logins', 'The server told of none.'],
]

const time = (text: string): string => text.slice(0, 19).replace('T', ' ')

const bars = (totals: readonly { name: string; events: number }[]) =>
  totals.map(({ name, events }) => ({ name, value: events }))

function headFigures({ counts, seals, verification }: TrailReport, found: number): Html {
  const events = counts.reduce((sum, one) => sum + one.events, 0)
  const { checked, anchors } = verification
  const gap = seals.longestGapMs
  return figures([
    { value: formatCount(events), label: 'Events', note: 'in the period' },
    {
      value: formatCount(found),
      label: 'Findings',
      note: 'in the whole trail',
      tone: found > 0 ? 'bad' : 'good',
    },
    {
      value: formatCount(seals.batches),
      label: 'Seals',
      note: gap === null ? 'in the period' : `at most ${formatDuration(gap)} apart`,
    },
    {
      value: formatCount(checked.unsealed),
      label: 'Not sealed yet',
      note: seals.lastAt === null ? 'nothing is sealed' : `last seal ${time(seals.lastAt)}`,
    },
    { value: formatCount(anchors.length), label: 'Anchors', note: 'that were compared' },
  ])
}

function findingTable(findings: readonly Finding[]): Html {
  if (findings.length === 0) {
    return paragraph('Every row, event and checkpoint is what it should be.', 'good')
  }
  const rows = findings.map(({ kind, table: name, row, detail, from, to, batch }): TableRow => {
    const where = [name, row].filter(part => part !== null).join(' ')
    const when = from === to ? time(from ?? '') : `${time(from ?? '')} – ${time(to ?? '')}`
    const sealed = batch === null ? '' : String(batch)
    return { cells: [{ markup: badge(kind, 'bad') }, where, detail, when, sealed] }
  })
  return table(
    [
      { heading: 'What', narrow: true },
      { heading: 'Where' },
      { heading: 'Detail' },
      { heading: 'When (UTC)' },
      { heading: 'Batch', number: true },
    ],
    rows,
  )
}

function countTable(heading: string, totals: readonly { name: string; events: number }[]): Html {
  const most = totals[0]?.events ?? 0
  const shown = totals.slice(0, MOST_BARS)
  const rest = totals.slice(MOST_BARS)
  const left = rest.reduce((sum, { events }) => sum + events, 0)
  const rows = shown.map(({ name, events }): TableRow => {
    return { cells: [name, formatCount(events), { markup: shareBar(events, most) }] }
  })
  if (rest.length > 0) {
    rows.push({ cells: [`${formatCount(rest.length)} others`, formatCount(left), ''] })
  }
  return table([{ heading }, { heading: 'Events', number: true }, { heading: 'Share' }], rows)
}

function chatsTable({ chats }: TrailReport): Html {
  const rows = (chats ?? []).map(({ representativeId, representative, totalChats }): TableRow => {
    return { cells: [representativeId, representative ?? '', formatCount(totalChats)] }
  })
  const columns = [
    { heading: 'Representative', narrow: true },
    { heading: 'Name' },
    { heading: 'Chats', number: true },
  ]
  return table(columns, rows)
}

function eventTable({ lists, more }: TrailReport, name: ReportList, none: string): Html {
  const events = lists[name]
  if (events.length === 0) return paragraph(none)
  const rows = events.map((one): TableRow => {
    const what = [one.operation, one.table, one.row].filter(part => part !== null).join(' ')
    const seal = isBadSeal(one.seal) ? { markup: badge(sealWord(one), 'bad') } : sealWord(one)
    return { cells: [time(one.at), actorText(one), what, aboutText(one), seal] }
  })
  const columns = [
    { heading: 'When (UTC)', narrow: true },
    { heading: 'By' },
    { heading: 'What' },
    { heading: 'Detail' },
    { heading: 'Seal' },
  ]
  const shown = table(columns, rows)
  if (!more.includes(name)) return shown
  const note = paragraph(
    `The newest ${formatCount(events.length)}; \`ecomdb audit events\` has all.`,
  )
  return together(note, shown)
}

/** The commitments of a row before and after are short here; CSV and JSON have them whole. */
function aboutText(one: ListedEvent): string {
  if (one.detail !== null) return detailText(one)
  const short = (hash: string | null): string => (hash === null ? 'none' : `${hash.slice(0, 12)}…`)
  return `before ${short(one.before)}, after ${short(one.after)}`
}

function facts(report: TrailReport): [string, string][] {
  const { trailId, madeBy, tool, verification } = report
  const { checked, anchors } = verification
  return [
    ['Trail', trailId],
    ['Made by', `${madeBy}, with ${tool}`],
    ['Made at', `${time(report.at)} UTC`],
    [
      'Verified',
      `${countOf(checked.batches, 'checkpoint')}, ${countOf(checked.events, 'event')} and ${countOf(checked.rows, 'row')}`,
    ],
    ['Anchors', anchors.map(({ label, batches }) => `${label} (${batches})`).join(', ') || 'none'],
    ['Before, after', 'salted SHA-256 of the row: the report holds nothing of what was said'],
  ]
}
