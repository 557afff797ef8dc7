import { escapeHtml } from './html.ts'
import { PAGE_STYLE } from './page-style.ts'

/**
 * The frame of every HTML report: one file, no script, nothing from the network, light and dark,
 * fit to print, and to be read aloud. What comes in as text is escaped here; what comes in as
 * Html was made by the functions of this file.
 */
export interface Page {
  /** Of the browser's tab. */
  title: string
  /** One word or two over the heading, with its colour; null: the report judges nothing. */
  verdict: { text: string; tone: Tone } | null
  heading: string
  /** What it comes to, in a sentence. */
  lead: string
  body: readonly Html[]
  /** The last word; null: none. */
  footer: string | null
}

export type Tone = 'good' | 'bad' | 'warn' | 'plain'

declare const made: unique symbol
/** Markup that is safe to put into a page. */
export type Html = string & { readonly [made]: true }

/** For markup that src/report itself draws (SVG), with every text in it escaped. */
export const html = (markup: string): Html => markup as Html

export function renderPage({ title, verdict, heading, lead, body, footer }: Page): string {
  const word = verdict ? `<p class="verdict">${escapeHtml(verdict.text)}</p>\n` : ''
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<main>
<header class="${verdict?.tone ?? 'plain'}">
${word}<h1>${escapeHtml(heading)}</h1>
<p>${escapeHtml(lead)}</p>
</header>
${body.join('\n')}
${footer === null ? '' : `<footer>${escapeHtml(footer)}</footer>\n`}</main>
</body>
</html>
`
}

export function section(heading: string, ...content: readonly Html[]): Html {
  return html(`<section><h2>${escapeHtml(heading)}</h2>\n${content.join('\n')}</section>`)
}

/** Numbers to see first, each with what it is and a note. */
export function figures(
  list: readonly { value: string; label: string; note?: string; tone?: Tone }[],
): Html {
  const one = ({ value, label, note, tone = 'plain' }: (typeof list)[number]): string =>
    `<div><dt>${escapeHtml(label)}</dt><dd class="${tone}">${escapeHtml(value)}</dd>${note ? `<dd class="note">${escapeHtml(note)}</dd>` : ''}</div>`
  return html(`<dl class="figures">\n${list.map(one).join('\n')}\n</dl>`)
}

export interface TableColumn {
  heading: string
  /** Right-aligned figures that stand below each other. */
  number?: boolean
  /** As narrow as its words, which are not broken. */
  narrow?: boolean
}

/** A cell is text, or markup made here. */
export type TableCell = string | { markup: Html }

export interface TableRow {
  cells: readonly TableCell[]
  tone?: Tone
}

/**
 * The first cell names its row, for who hears the table. On a narrow page one of many columns is a
 * card for each row.
 */
export function table(
  columns: readonly TableColumn[],
  rows: readonly TableRow[],
  total?: readonly TableCell[],
): Html {
  const head = columns
    .map(one => `<th scope="col"${kindOf(one)}>${escapeHtml(one.heading)}</th>`)
    .join('')
  const body = rows.map(row => rowOf(row, columns))
  const none = `<tr><td colspan="${columns.length}">none</td></tr>`
  const foot = total ? `<tfoot>${rowOf({ cells: total }, columns)}</tfoot>` : ''
  return html(
    `<div class="wide"><table${isWide(columns) ? ' class="cards"' : ''}><thead><tr>${head}</tr></thead>\n<tbody>${body.join('\n') || none}</tbody>${foot}</table></div>`,
  )
}

/** Too many columns of words for the width of a phone. */
const isWide = (columns: readonly TableColumn[]): boolean =>
  columns.filter(({ number }) => !number).length > 2 || columns.length > 4

function kindOf(column: TableColumn | undefined): string {
  if (column?.number) return ' class="number"'
  return column?.narrow ? ' class="narrow"' : ''
}

function rowOf({ cells, tone = 'plain' }: TableRow, columns: readonly TableColumn[]): string {
  const shown = cells.map((cell, at) => {
    const content = typeof cell === 'string' ? escapeHtml(cell) : cell.markup
    const kind = kindOf(columns[at])
    return at === 0
      ? `<th scope="row"${kind}>${content}</th>`
      : `<td${kind} data-label="${escapeHtml(columns[at]?.heading ?? '')}">${content}</td>`
  })
  return `<tr class="${tone}">${shown.join('')}</tr>`
}

/** Names and values, one below the other. */
export function factTable(facts: readonly (readonly [string, string])[]): Html {
  const row = ([name, value]: readonly [string, string]): string =>
    `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`
  return html(`<table class="facts"><tbody>${facts.map(row).join('\n')}</tbody></table>`)
}

export function paragraph(text: string, tone: Tone = 'plain'): Html {
  return html(`<p class="${tone}">${escapeHtml(text)}</p>`)
}

export function list(items: readonly string[]): Html {
  if (items.length === 0) return html('')
  return html(`<ul>${items.map(item => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`)
}

/** To be copied: SQL, lines of a file. */
export function code(lines: readonly string[]): Html {
  return html(lines.length === 0 ? '' : `<pre>${escapeHtml(lines.join('\n'))}</pre>`)
}

/** A word with its colour; the word alone says it too. */
export function badge(text: string, tone: Tone): Html {
  return html(`<span class="badge ${tone}">${escapeHtml(text)}</span>`)
}

/** How much of a scale, as dots and as the word for it, which alone is read aloud. */
export function meter(level: number, of: number, text: string): Html {
  const dots = Array.from({ length: of }, (_, at) =>
    at < level ? `<i class="l${level}"></i>` : '<i></i>',
  )
  return html(`<span class="level" aria-hidden="true">${dots.join('')}</span> ${escapeHtml(text)}`)
}

/** Data for programs in the page, which shows and runs nothing of it. */
export function dataBlock(id: string, type: string, json: string): Html {
  const safe = json.replaceAll('<', '\\u003c')
  return html(`<script type="${escapeHtml(type)}" id="${escapeHtml(id)}">${safe}</script>`)
}

export function together(...parts: readonly Html[]): Html {
  return html(parts.join(''))
}

/** A line of text in the flow of other markup. */
export function line(text: string, kind: 'strong' | 'note' | 'plain' = 'plain'): Html {
  return html(`<div class="${kind}">${escapeHtml(text)}</div>`)
}
