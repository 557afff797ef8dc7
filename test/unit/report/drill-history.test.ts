import { expect, test } from 'vitest'
import type { DrillRecord } from '#domain/status/drill-record'
import { drillHistoryHtml } from '#report/drill-history'
import { PASSED } from '#test/drill-reports'

const record = (day: number, changes: Partial<DrillRecord> = {}): DrillRecord => ({
  ...{ ...PASSED, attestationId: 'a', sourceId: 'shop', method: 'logical', partOnly: false },
  ...{ at: `2026-11-0${day}T00:00:00.000Z`, atMoment: false, moment: null, copyId: null },
  ...changes,
})
const failed = record(1, { outcome: 'failed' })

test.each<[string, DrillRecord[], string]>([
  ['passed', [failed, record(2)], 'the last one passed'],
  [
    'failed',
    [record(1), { ...failed, atMoment: true }],
    'the last one failed at its moment of the',
  ],
  [
    'data files passed since',
    [failed, record(2, { method: 'physical' })],
    'the logical one of 2026-11-01 00:00 failed',
  ],
  [
    'the repository passed since',
    [{ ...failed, copyId: 'disk' }, record(2)],
    'the logical one of 2026-11-01 00:00 failed',
  ],
  ['of a server that is gone', [{ ...failed, sourceId: 'gone' }, record(2)], 'the last one passed'],
])("the page's headline: %s", (_what, drills, text) => {
  const page = drillHistoryHtml({
    ...{ target: 't', drills, servers: ['shop'], refused: [], verdict: '' },
    objectives: { rtoMs: null, rpoMs: null },
  })
  expect(page).toContain(text)
})
