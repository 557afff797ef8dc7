import { expect, test } from 'vitest'
import { checkOf } from '#domain/backup/check'
import { type DrillReport, missedObjectives } from '#domain/backup/drill-report'
import { drillReportHtml } from '#report/drill-html'
import { drillReportText } from '#report/drill-text'

const PASSED: DrillReport = {
  outcome: 'passed',
  repositoryId: 'r',
  target: '/mnt/<backup>',
  snapshotId: 's',
  method: 'logical',
  engine: 'mariadb',
  sourceVersion: '10.11.1',
  scratchVersion: '10.11.2',
  consistentAt: '2026-11-20T12:00:00.000Z',
  startedAt: '2026-11-20T13:00:00.000Z',
  completedAt: '2026-11-20T13:00:10.000Z',
  databases: ['shop & <b>'],
  rows: 1234567,
  tables: 14,
  objects: 42,
  rowBytes: 1_000_000,
  storedBytes: 500_000,
  rtoMs: 7900,
  rpoMs: 3_600_000,
  objectives: { rtoMs: null, rpoMs: null },
  missed: [],
  stages: [
    { name: 'loading rows', ms: 6000 },
    { name: 'reading <back>', ms: 2000 },
  ],
  checks: [checkOf('rows', '1,234,567 rows', [])],
  signer: null,
  attestationId: null,
}

const FAILED: DrillReport = {
  ...PASSED,
  outcome: 'failed',
  checks: [checkOf('content', '2 chunks', ['table `<i>`: the rows are not the same'])],
}

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
