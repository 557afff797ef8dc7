import { formatCount } from '#core/units'
import { renderPage, table } from './page.ts'

export const TABLE_FORMATS = ['text', 'csv', 'html'] as const
export type TableFormat = (typeof TABLE_FORMATS)[number]

/** One table for a reader, a spreadsheet or a browser. */
export interface ReportTable {
  title: string
  /** What the rows are about, e.g. the period: a line for people, leading columns in CSV. */
  context: readonly { name: string; value: string }[]
  note: string
  columns: readonly ReportColumn[]
  rows: readonly (readonly Cell[])[]
  /** A last row for people; a spreadsheet adds up by itself. */
  total?: readonly Cell[]
}

export interface ReportColumn {
  /** In CSV: "total_orders". */
  name: string
  /** For people: "Orders". */
  heading: string
  /** money: a decimal text in US dollars. */
  kind: 'text' | 'count' | 'money'
}

type Cell = string | number | null

export function renderTable(table: ReportTable, format: TableFormat): string {
  if (format === 'csv') return renderCsv(table)
  if (format === 'html') return renderHtml(table)
  return renderText(table)
}

function renderText(table: ReportTable): string {
  const lines = [
    table.columns.map(column => column.heading),
    ...[...table.rows, ...(table.total ? [table.total] : [])].map(row => shownRow(table, row)),
  ]
  const widths = table.columns.map((_, at) =>
    Math.max(...lines.map(line => displayWidth(line[at] ?? ''))),
  )
  const aligned = lines.map(line =>
    table.columns
      .map(({ kind }, at) => pad(line[at] ?? '', widths[at] ?? 0, kind !== 'text'))
      .join('  ')
      .trimEnd(),
  )
  const rule = widths.map(width => '-'.repeat(width)).join('  ')
  const body = aligned.slice(1, 1 + table.rows.length)
  const total = table.total ? [rule, aligned.at(-1) ?? ''] : []
  const shown = [aligned[0] ?? '', rule, ...(body.length ? body : ['(none)']), ...total]
  return [table.title, table.note, '', ...shown.map(line => `  ${line}`), ''].join('\n')
}

/**
 * RFC 4180, with a header. A text that a spreadsheet would run as a formula gets an
 * apostrophe in front (OWASP, "CSV Injection").
 */
function renderCsv(table: ReportTable): string {
  const context = table.context.map(({ value }) => value)
  const header = [...table.context, ...table.columns].map(({ name }) => name)
  const rows = table.rows.map(row => [
    ...context.map(csvText),
    ...row.map((cell, at) =>
      table.columns[at]?.kind === 'text' ? csvText(String(cell ?? '')) : String(cell ?? ''),
    ),
  ])
  return `${[header, ...rows].map(row => row.join(',')).join('\r\n')}\r\n`
}

function csvText(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

function renderHtml({ columns, rows, title, note, total }: ReportTable): string {
  const shown = (row: readonly Cell[]): string[] => shownRow({ columns }, row)
  return renderPage({
    title: `${title}, ${note}`,
    verdict: null,
    heading: title,
    lead: note,
    body: [
      table(
        columns.map(({ heading, kind }) => ({ heading, number: kind !== 'text' })),
        rows.map(row => ({ cells: shown(row) })),
        total ? shown(total) : undefined,
      ),
    ],
    footer: null,
  })
}

function shownRow(of: Pick<ReportTable, 'columns'>, row: readonly Cell[]): string[] {
  return row.map((cell, at) => shownCell(cell, of.columns[at]?.kind ?? 'text'))
}

function shownCell(cell: Cell, kind: ReportColumn['kind']): string {
  if (cell === null) return kind === 'money' ? '0.00' : ''
  if (kind === 'count') return formatCount(Number(cell))
  if (kind === 'money')
    return String(cell).replace(/\d+/, part => BigInt(part).toLocaleString('en-US'))
  return String(cell).replace(/\p{Cc}/gu, '\ufffd')
}

/** In characters of a terminal, near enough: marks take no place, East Asian ones take two. */
function displayWidth(text: string): number {
  let width = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]|\p{Extended_Pictographic}/u.test(
        segment,
      )
        ? 2
        : 1
  }
  return width
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)))
  return right ? space + text : text + space
}
