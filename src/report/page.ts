import { escapeHtml } from './html.ts'

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
  footer: string
}

export type Tone = 'good' | 'bad' | 'warn' | 'plain'

declare const made: unique symbol
/** Markup that is safe to put into a page. */
export type Html = string & { readonly [made]: true }

const html = (markup: string): Html => markup as Html

export function renderPage({ title, verdict, heading, lead, body, footer }: Page): string {
  const word = verdict ? `<p class="verdict">${escapeHtml(verdict.text)}</p>\n` : ''
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
<header class="${verdict?.tone ?? 'plain'}">
${word}<h1>${escapeHtml(heading)}</h1>
<p>${escapeHtml(lead)}</p>
</header>
${body.join('\n')}
<footer>${escapeHtml(footer)}</footer>
</main>
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
}

/** A cell is text, or markup made here. */
export type TableCell = string | { markup: Html }

export interface TableRow {
  cells: readonly TableCell[]
  tone?: Tone
}

/** The first cell names its row, for who hears the table. */
export function table(
  columns: readonly TableColumn[],
  rows: readonly TableRow[],
  total?: readonly TableCell[],
): Html {
  const head = columns
    .map(
      one =>
        `<th scope="col"${one.number ? ' class="number"' : ''}>${escapeHtml(one.heading)}</th>`,
    )
    .join('')
  const body = rows.map(row => rowOf(row, columns))
  const none = `<tr><td colspan="${columns.length}">none</td></tr>`
  const foot = total ? `<tfoot>${rowOf({ cells: total }, columns)}</tfoot>` : ''
  return html(
    `<div class="wide"><table><thead><tr>${head}</tr></thead>\n<tbody>${body.join('\n') || none}</tbody>${foot}</table></div>`,
  )
}

function rowOf({ cells, tone = 'plain' }: TableRow, columns: readonly TableColumn[]): string {
  const shown = cells.map((cell, at) => {
    const content = typeof cell === 'string' ? escapeHtml(cell) : cell.markup
    const kind = columns[at]?.number ? ' class="number"' : ''
    return at === 0 ? `<th scope="row"${kind}>${content}</th>` : `<td${kind}>${content}</td>`
  })
  return `<tr class="${tone}">${shown.join('')}</tr>`
}

/** Names and values, one below the other. */
export function factTable(facts: readonly (readonly [string, string])[]): Html {
  const row = ([name, value]: readonly [string, string]): string =>
    `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`
  return html(`<table class="facts"><tbody>${facts.map(row).join('\n')}</tbody></table>`)
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

export function together(...parts: readonly Html[]): Html {
  return html(parts.join(''))
}

/** A line of text in the flow of other markup. */
export function line(text: string, kind: 'strong' | 'note' | 'plain' = 'plain'): Html {
  return html(`<div class="${kind}">${escapeHtml(text)}</div>`)
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --soft: #555; --line: #d0d5da; --field: #f3f5f7; --good: #196f3d; --bad: #a93226; --warn: #7e5109 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #16191c; --soft: #a8b0b8; --line: #3a4148; --field: #21262b; --good: #7dcea0; --bad: #f1948a; --warn: #f5b041 } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 }
main { max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
header { border-left: .5rem solid var(--line); padding: .25rem 0 .25rem 1rem }
header p { margin: .25rem 0 0 }
header.good { border-color: var(--good) } header.bad { border-color: var(--bad) } header.warn { border-color: var(--warn) }
.verdict { margin: 0; font-weight: bold; text-transform: uppercase; letter-spacing: .08em }
.good .verdict, dd.good, p.good, .badge.good { color: var(--good) }
.bad .verdict, dd.bad, p.bad, .badge.bad { color: var(--bad) }
.warn .verdict, dd.warn, p.warn, .badge.warn { color: var(--warn) }
p.bad, p.warn, .badge { font-weight: bold } .badge { white-space: nowrap }
h1 { margin: 0; font-size: 1.5rem; line-height: 1.25 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
.figures { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1.5rem 0 }
.figures dt { color: var(--soft) } .figures dd { margin: 0; font-size: 1.6rem; font-variant-numeric: tabular-nums }
.figures dd.note { font-size: .9rem; color: var(--soft) }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere }
thead th { white-space: nowrap; overflow-wrap: normal } tbody th { font-weight: normal }
.facts th { color: var(--soft); white-space: nowrap }
tfoot th, tfoot td { font-weight: bold; border-bottom: 0 }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.strong { font-weight: 600 } .note { color: var(--soft); font-size: .9rem }
ul { margin: .25rem 0; padding-left: 1.2rem }
pre { margin: .35rem 0; padding: .5rem .7rem; background: var(--field); border-radius: .25rem; font: .85rem/1.45 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
footer { margin: 2rem 0; color: var(--soft) }
@media print { :root { --ink: #000; --paper: #fff; --soft: #444; --line: #bbb; --field: #f3f5f7; --good: #196f3d; --bad: #a93226; --warn: #7e5109 } main { margin: 0; max-width: none } * { print-color-adjust: exact } tr, .figures { break-inside: avoid } h2 { break-after: avoid } thead { display: table-header-group } .wide { overflow: visible } }
`
