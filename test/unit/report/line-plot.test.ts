import { expect, test } from 'vitest'
import { linePlot } from '#report/line-plot'

const at = (day: number): string => `2026-11-0${day}T12:00:00Z`
const plot = (values: number[], limit: number | null = null): string =>
  linePlot({
    title: 'Time <to restore>',
    points: values.map((y, place) => ({ at: at(place + 1), y })),
    limit,
    format: y => `${y.toFixed(0)} s`,
  })

test('a dot for each value, each inside of the picture and higher when it is more', () => {
  const picture = plot([10, 40, 20])
  const dots = [...picture.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [
    Number(x),
    Number(y),
  ])
  expect(dots).toHaveLength(3)
  expect(dots.every(([x = -1, y = -1]) => x >= 70 && x <= 888 && y >= 12 && y <= 158)).toBe(true)
  const [first, second, third] = dots.map(([, y = 0]) => y)
  expect(second).toBeLessThan(third ?? 0)
  expect(third).toBeLessThan(first ?? 0)
  expect(picture).toContain('<title>2026-11-02 12:00: 40 s</title>')
  expect(picture).toContain('Time &lt;to restore&gt;')
})

test('the limit is drawn where it is near, and said where it is not', () => {
  expect(plot([10, 12], 15)).toContain('class="limit"')
  const far = plot([10, 12], 14_400)
  expect(far).not.toContain('class="limit"')
  expect(far).toContain('promised 14400 s')
})

test('one value, and none', () => {
  expect(plot([5])).toMatch(/cx="479\.0"/)
  expect(plot([0])).not.toContain('NaN')
  expect(plot([])).toBe('')
})
