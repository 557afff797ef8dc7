import { escapeHtml } from './html.ts'
import { type Html, html } from './page.ts'

export interface LinePlot {
  title: string
  /** In time's order; `at` is ISO 8601. */
  points: readonly { at: string; y: number }[]
  /** A line that the values should stay below. */
  limit: number | null
  format: (y: number) => string
}

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [900, 180, 70, 22, 12, 12]

/** Values over time as an SVG, drawn from zero; a table beside it says the same to everybody. */
export function linePlot({ title, points, limit, format }: LinePlot): Html {
  if (points.length === 0) return html('')
  const most = Math.max(...points.map(({ y }) => y), ...near(points, limit)) * 1.1 || 1
  const times = points.map(({ at }) => Date.parse(at))
  const [first = 0, last = 0] = [times[0], times.at(-1)]
  const x = (ms: number): number =>
    LEFT + (last > first ? (ms - first) / (last - first) : 0.5) * (WIDTH - LEFT - RIGHT)
  const y = (value: number): number => HEIGHT - BOTTOM - (value / most) * (HEIGHT - BOTTOM - TOP)
  const places = points.map(
    ({ at, y: value }) => `${x(Date.parse(at)).toFixed(1)},${y(value).toFixed(1)}`,
  )
  const dots = points.map(({ at, y: value }, place) => {
    const [cx = '', cy = ''] = (places[place] ?? '').split(',')
    const label = `${at.slice(0, 16).replace('T', ' ')}: ${format(value)}`
    return `<circle class="dot" cx="${cx}" cy="${cy}" r="3.5"><title>${escapeHtml(label)}</title></circle>`
  })
  const axis = [0, most / 2.2, most / 1.1].map(
    value =>
      `<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}"/><text x="${LEFT - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${escapeHtml(format(value))}</text>`,
  )
  const days = `<text x="${LEFT}" y="${HEIGHT - 6}">${points[0]?.at.slice(0, 10)}</text><text x="${WIDTH - RIGHT}" y="${HEIGHT - 6}" text-anchor="end">${points.at(-1)?.at.slice(0, 10)}</text>`
  return html(`<figure><figcaption>${escapeHtml(title)}${limit === null ? '' : `, promised ${escapeHtml(format(limit))}`}</figcaption>
<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(`${title}, from ${format(points[0]?.y ?? 0)} to ${format(points.at(-1)?.y ?? 0)}`)}">${axis.join('')}${limitLine(limit, most, y)}<polyline class="series" points="${places.join(' ')}"/>${dots.join('')}${days}</svg></figure>`)
}

/** A limit that is far away would press the values flat: it is said and not drawn. */
function near(points: readonly { y: number }[], limit: number | null): number[] {
  const most = Math.max(...points.map(({ y }) => y))
  return limit !== null && limit < most * 4 ? [limit] : []
}

function limitLine(limit: number | null, most: number, y: (value: number) => number): string {
  if (limit === null || limit > most) return ''
  const at = y(limit).toFixed(1)
  return `<line class="limit" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/>`
}
