import { expect, test } from 'vitest'
import { checkOf } from '#domain/backup/check'
import { type DrillReport, missedObjectives } from '#domain/backup/drill-report'
import { drillReportHtml } from '#report/drill-html'
import { drillReportText } from '#report/drill-text'
import { FAILED, PASSED } from '#test/drill-reports'

test('a physical drill that compared no rows claims no proof', () => {
  const physical: DrillReport = { ...PASSED, method: 'physical' }
  expect(drillReportText(physical)).toMatch(/not compared with the source's rows$/)
  expect(drillReportHtml(physical)).toContain('Its rows were not compared')
  const compared = { ...physical, checks: [checkOf('content', '2 chunks', [])] }
  expect(drillReportText(compared)).toMatch(/^proved: /m)
})

test('the last line of a drill that passed', () => {
  expect(drillReportText(PASSED).split('\n').at(-1)).toBe(
    'proved: 1,234,567 rows, 42 objects, RTO 7.9 s',
  )
})

test('the word proved is kept for what was', () => {
  const text = drillReportText(FAILED)
  expect(text).toContain('NOT PROVED: content failed')
  expect(text).toContain('table `<i>`: the rows are not the same')
  expect(text).not.toMatch(/^proved/m)
})

test('a moment of the log that failed is not said of the snapshot, which came back', () => {
  const checks = [checkOf('content', '2 chunks', []), checkOf('moment', 'm', ['no segment'])]
  const report: DrillReport = { ...FAILED, checks }
  expect(drillReportText(report)).toMatch(
    /^NOT PROVED: moment failed, of the log; the snapshot came/m,
  )
  expect(drillReportHtml(report)).toContain(
    'came back, but the moment of the log that was to follow',
  )
  expect(drillReportHtml(report)).not.toContain('did not come back as it was backed up')
  expect(drillReportHtml(FAILED)).toContain('did not come back as it was backed up')
})

test('the page needs nothing from elsewhere, runs nothing, and escapes all names', () => {
  const page = drillReportHtml(FAILED)
  expect(page).not.toMatch(/<script|https?:|src=|@import|url\(/)
  expect(page).toContain('shop &amp; &lt;b&gt;')
  expect(page).toContain('table `&lt;i&gt;`: the rows are not the same')
  expect(page).toContain('reading &lt;back&gt;')
  expect(page).not.toContain('<b>')
})

test('objectives: met at the limit, missed above it, none without one', () => {
  const measured = { rtoMs: 5000, rpoMs: 5001 }
  expect(missedObjectives({ rtoMs: 5000, rpoMs: 5000 }, measured)).toEqual([
    'RPO: 5.0 s, and the objective is 5.0 s',
  ])
  expect(missedObjectives({ rtoMs: null, rpoMs: null }, measured)).toEqual([])
})
