import { expect, test } from 'vitest'
import type { DrillRecord } from '#domain/status/drill-record'
import { drillVerdict } from '#domain/status/drill-verdict'

const NOW = new Date('2026-11-27T12:00:00Z')
const DAY = 86_400_000
const record = (at: string, changes: Partial<DrillRecord> = {}): DrillRecord => ({
  ...{
    attestationId: 'a',
    snapshotId: 's',
    sourceId: 'shop',
    method: 'logical',
    partOnly: false,
    at,
    consistentAt: at,
  },
  ...{
    outcome: 'passed',
    atMoment: false,
    copyId: null,
    rtoMs: 1,
    rpoMs: 1,
    rows: 1,
    storedBytes: 1,
  },
  ...{ missed: [], moment: null, ...changes },
})
const good = record('2026-11-26T12:00:00Z')

test.each([
  ['none', [], 3, 'no drill yet'],
  [
    'passed',
    [record('2026-11-01T12:00:00Z', { outcome: 'failed' }), good],
    0,
    '1 of 2 drills passed',
  ],
  ['failed', [good, record('2026-11-27T01:00:00Z', { outcome: 'failed' })], 13, 'FAILED'],
  [
    'failed at its moment',
    [good, record('2026-11-27T01:00:00Z', { outcome: 'failed', atMoment: true })],
    13,
    'FAILED at its moment of the log; its snapshot came back: s',
  ],
  [
    'rows failed, data files passed since',
    [record('2026-11-20T12:00:00Z', { outcome: 'failed' }), { ...good, method: 'physical' }],
    13,
    'FAILED',
  ],
  [
    'rows failed in a copy, and passed in the repository since',
    [record('2026-11-20T12:00:00Z', { outcome: 'failed', copyId: 'disk' }), good],
    13,
    'the drill of 2026-11-20T12:00:00Z FAILED, and no logical one of that place has passed since',
  ],
  [
    'rows failed in a copy, and passed there since',
    [
      record('2026-11-20T12:00:00Z', { outcome: 'failed', copyId: 'disk' }),
      record('2026-11-25T12:00:00Z', { copyId: 'disk' }),
      good,
    ],
    0,
    '2 of 3 drills passed',
  ],
  [
    'rows failed in a copy, of a snapshot that has expired',
    [record('2026-11-20T12:00:00Z', { outcome: 'failed', copyId: 'disk', expired: true }), good],
    0,
    '1 of 2 drills passed',
  ],
  [
    'rows failed, of a snapshot that has expired, and data files passed since',
    [
      record('2026-11-20T12:00:00Z', { outcome: 'failed', expired: true }),
      { ...good, method: 'physical' },
    ],
    0,
    '1 of 2 drills passed',
  ],
  ['missed', [record('2026-11-26T12:00:00Z', { missed: ['RTO: 5 s'] })], 14, 'RTO: 5 s'],
  ['of a clock that was ahead', [good, record('2027-11-26T12:00:00Z')], 3, 'which has not come'],
  ['of some databases', [record('2026-11-26T12:00:00Z', { partOnly: true })], 3, 'no drill yet'],
  ['too old', [record('2026-10-01T12:00:00Z')], 14, '57 days old, and one every 35 days'],
] as const)('%s', (_name, drills, status, text) => {
  const verdict = drillVerdict(drills, ['shop'], { drillEveryMs: 35 * DAY }, NOW)
  expect(verdict).toEqual({ status, text: expect.stringContaining(text) })
})

test('nothing promised, nothing missed', () => {
  const old = record('2020-01-01T00:00:00Z')
  expect(drillVerdict([old], ['shop'], { drillEveryMs: null }, NOW).status).toBe(0)
})

test('of several servers as the one that is worst off', () => {
  const other = { ...good, sourceId: 'crm' }
  const of = (...drills: DrillRecord[]) =>
    drillVerdict(drills, ['shop', 'crm'], { drillEveryMs: 35 * DAY }, NOW)
  expect(of(good)).toEqual({ status: 3, text: 'server crm: no drill yet: `ecomdb drill --turn`' })
  expect(of(good, { ...other, outcome: 'failed' }, good).status).toBe(13)
  expect(of(good, { ...other, missed: ['RTO: 5 s'] }, good).status).toBe(14)
  expect(of(good, other)).toMatchObject({
    status: 0,
    text: expect.stringMatching(/^of each server: /),
  })
})
