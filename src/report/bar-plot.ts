import { formatCount } from '#core/units'
import { escapeHtml } from './html.ts'
import { type Html, html } from './page.ts'

export interface Bar {
  name: string
  value: number
}

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [900, 180, 70, 22, 12]

/** Counts of days as standing bars; a table beside it says the same to everybody. */
export function dayPlot(title: string, bars: readonly Bar[]): Html {
  if (bars.length === 0) return html('')
  const most = Math.max(...bars.map(({ value }) => value)) || 1
  const step = (WIDTH - LEFT) / bars.length
  const tall = HEIGHT - BOTTOM - TOP
  const drawn = bars.map(({ name, value }, at) => {
    const height = (value / most) * tall
    const [x, y] = [LEFT + at * step, HEIGHT - BOTTOM - height]
    return `<rect class="s0" x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${Math.max(step - 1.5, 0.5).toFixed(1)}" height="${height.toFixed(1)}"><title>${escapeHtml(`${name}: ${formatCount(value)}`)}</title></rect>`
  })
  const axis = [0, most].map(value => {
    const y = HEIGHT - BOTTOM - (value / most) * tall
    return `<line class="axis" x1="${LEFT}" x2="${WIDTH}" y1="${y}" y2="${y}"/><text x="${LEFT - 6}" y="${y + 4}" text-anchor="end">${formatCount(value)}</text>`
  })
  const [first, last] = [bars[0]?.name ?? '', bars.at(-1)?.name ?? '']
  const days = `<text x="${LEFT}" y="${HEIGHT - 6}">${escapeHtml(first)}</text>${bars.length > 1 ? `<text x="${WIDTH}" y="${HEIGHT - 6}" text-anchor="end">${escapeHtml(last)}</text>` : ''}`
  return figure(title, HEIGHT, axis.join('') + drawn.join('') + days, bars)
}

/** A share of the most as a bar for a cell of a table, which has the count as a number too. */
export function shareBar(value: number, most: number): Html {
  const width = Math.max((value / (most || 1)) * 100, 0.5).toFixed(1)
  return html(
    `<svg class="bar" aria-hidden="true"><rect class="s0" y="25%" width="${width}%" height="50%"/></svg>`,
  )
}

function figure(title: string, height: number, drawing: string, bars: readonly Bar[]): Html {
  const all = bars.reduce((sum, { value }) => sum + value, 0)
  const label = `${title}: ${formatCount(all)} in ${formatCount(bars.length)}`
  return html(`<figure><figcaption>${escapeHtml(title)}</figcaption>
<svg class="plot" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(label)}">${drawing}</svg></figure>`)
}
