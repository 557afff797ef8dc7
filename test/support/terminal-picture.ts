import { text } from 'node:stream/consumers'

/**
 * Draws what a program printed as an SVG that looks like a terminal. Lines that start with
 * "$ " are commands and stand out; so does the last line.
 *
 *   npm run --silent picture < OUTPUT > docs/quickstart.svg
 */

const FONT_SIZE = 13
/** Of a monospace font, in em; `textLength` holds each line to it whatever font there is. */
const ADVANCE = 0.6
const LINE_HEIGHT = 19
const MARGIN = 18
/** Longer lines are cut: the picture must be readable in a narrow column. */
const LONGEST = 96

function draw(lines: readonly string[]): string {
  const columns = Math.max(...lines.map(line => line.length))
  const width = Math.ceil(columns * FONT_SIZE * ADVANCE) + 2 * MARGIN
  const height = lines.length * LINE_HEIGHT + 2 * MARGIN
  const body = lines.map((line, at) => lineOf(line, at, at === lines.length - 1)).filter(Boolean)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    '<title>what ecomdb printed in a real run</title>',
    `<rect width="${width}" height="${height}" rx="6" fill="#f6f8fa" stroke="#c5cdd5"/>`,
    `<g font-family="ui-monospace,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="${FONT_SIZE}" fill="#1a1a1a" xml:space="preserve">`,
    ...body,
    '</g>',
    '</svg>',
    '',
  ].join('\n')
}

function lineOf(line: string, at: number, last: boolean): string {
  if (!line.trim()) return ''
  const start = line.length - line.trimStart().length
  const shown = line.trim()
  const advance = FONT_SIZE * ADVANCE
  const x = (MARGIN + start * advance).toFixed(1)
  const y = MARGIN + (at + 0.75) * LINE_HEIGHT
  const weight = shown.startsWith('$ ') || last ? ' font-weight="bold"' : ''
  return `<text x="${x}" y="${y}" textLength="${(shown.length * advance).toFixed(1)}"${weight}>${escaped(shown)}</text>`
}

function escaped(line: string): string {
  return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

const printed = await text(process.stdin)
const cut = (line: string): string =>
  line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line
process.stdout.write(draw(printed.trimEnd().split('\n').map(cut)))
