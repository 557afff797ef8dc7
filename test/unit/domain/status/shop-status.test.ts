import { expect, test } from 'vitest'
import type { DrillRecord } from '#domain/status/drill-record'
import { type StatusFacts, shopStatus } from '#domain/status/shop-status'

const NOW = new Date('2026-11-27T12:00:00Z')
const YOUNG = '2026-11-27T01:00:00Z'
const OLD = '2026-11-07T01:00:00Z'
/** A host began with its clock a year ahead, and did its work before that was mended. */
const AHEAD = '2027-11-27T01:00:00Z'

const drilled = (at: string, sourceId = 'shop'): DrillRecord => ({
  ...{
    attestationId: 'a',
    snapshotId: 's',
    sourceId,
    method: 'logical',
    partOnly: false,
    at,
    consistentAt: at,
  },
  ...{ outcome: 'passed', atMoment: false, copyId: null, rtoMs: 1, rpoMs: 1, rows: 1 },
  ...{ storedBytes: 1, missed: [], moment: null },
})

const KEYS = { count: 2, isAccepted: false, of: 'new backups' as const, wrong: null, replaced: [] }

const states = (
  newestShows: string,
  drills: readonly DrillRecord[],
  window: object = { sources: [] },
  formerServers: readonly string[] = [],
  recipients: StatusFacts['recipients'] = KEYS,
  servers: readonly string[] = ['shop'],
): Record<string, string> => {
  const facts = {
    ...{ now: NOW, drills, server: [], recipients, formerServers },
    copies: {
      ...{
        target: 't',
        met: true,
        datasets: servers.map(sourceId => ({ sourceId, newestShows, places: [], rules: [] })),
      },
      ...{ places: [], former: [], stale: [], vanished: [], ahead: [], refused: [] },
    },
    window: { refused: [], unreadable: [], ...window },
    objectives: { rpoMs: 26 * 3_600_000, rtoMs: null, drillEveryMs: 35 * 86_400_000 },
    schedule: { jobs: [], problems: [], scheduler: null },
  } as unknown as StatusFacts
  const { lines, figures } = shopStatus(facts)
  const { lossSeconds, snapshotAgeSeconds, drillAgeSeconds } = figures
  const known = [lossSeconds, snapshotAgeSeconds, drillAgeSeconds].map(one => one !== null)
  return {
    ...Object.fromEntries(lines.map(({ key, state }) => [key, state])),
    drillDetail: lines.find(({ key }) => key === 'drill')?.detail ?? '',
    known: known.join(' '),
  }
}

test('the log of a server that is gone is not behind', () => {
  const stretch = { restorable: { from: YOUNG, until: YOUNG }, restorableFiles: null }
  const window = {
    sources: [
      { sourceId: 'shop', stretches: [stretch], gaps: [], doubts: [] },
      { sourceId: 'old', stretches: [{ ...stretch, restorable: null }], gaps: [{}], doubts: [] },
    ],
  }
  expect(states(YOUNG, [], window)).toMatchObject({ binlog: 'finding' })
  expect(states(YOUNG, [], window, ['old'])).toMatchObject({
    binlog: 'ok',
    rpo: 'ok',
  })
})

test('a log that nothing has archived for longer than the objective allows is behind', () => {
  const shop = (until: string) => ({
    sources: [
      {
        ...{ sourceId: 'shop', gaps: [], doubts: [] },
        stretches: [{ restorable: { from: OLD, until }, restorableFiles: null }],
      },
    ],
  })
  // A younger snapshot meets the objective, and says nothing of the moments before it.
  expect(states(YOUNG, [], shop(OLD))).toMatchObject({ rpo: 'ok', binlog: 'finding' })
  expect(states(YOUNG, [], shop(YOUNG))).toMatchObject({ rpo: 'ok', binlog: 'ok' })
})

test('what is wrong with the archived log is told also where no moment can be restored from it', () => {
  const gap = { from: OLD, until: null, why: 'a gap' }
  const closed = { restorable: null, restorableFiles: null }
  const shop = (stretch: object, more = {}) => ({
    sources: [{ sourceId: 'shop', gaps: [], doubts: [], stretches: [stretch], ...more }],
  })
  const line = (window: object) => states(YOUNG, [], window)['binlog']
  expect(line({ sources: [] })).toBe('unknown')
  expect(line(shop({ ...closed, until: YOUNG }))).toBe('unknown')
  // Nothing archives it any more.
  expect(line(shop({ ...closed, until: OLD }))).toBe('finding')
  expect(line(shop({ ...closed, until: YOUNG }, { gaps: [gap] }))).toBe('finding')
  expect(line(shop({ ...closed, until: YOUNG }, { doubts: [gap] }))).toBe('finding')
  expect(line({ sources: [], refused: [{ name: 'x' }] })).toBe('finding')
  expect(line({ sources: [], unreadable: [{ name: 'x' }] })).toBe('finding')
  // The log of another server is as it should be.
  const crm = {
    ...{ sourceId: 'crm', gaps: [], doubts: [] },
    stretches: [{ restorable: { from: OLD, until: YOUNG }, restorableFiles: null }],
  }
  const { sources } = shop({ ...closed, until: YOUNG }, { gaps: [gap] })
  expect(line({ sources: [...sources, crm] })).toBe('finding')
})

test('what shows a moment that has not come is not young, and its age is not known', () => {
  const young = [drilled(YOUNG)]
  expect(states(YOUNG, young)).toMatchObject({ drill: 'ok', rpo: 'ok', known: 'true true true' })
  expect(states(AHEAD, young)).toMatchObject({ drill: 'ok', rpo: 'missed' })
  expect(states(YOUNG, [drilled(AHEAD)])).toMatchObject({ drill: 'finding', rpo: 'ok' })
  expect(states(AHEAD, [drilled(AHEAD)])).toMatchObject({ known: 'false false false' })
})

test.each([
  [2, false, 'ok'],
  [1, false, 'finding'],
  [1, true, 'ok'],
  [0, true, 'finding'],
])('backups for %i recipients, one accepted: %s', (count, isAccepted, state) => {
  const keys = { ...KEYS, count, isAccepted }
  expect(states(YOUNG, [], { sources: [] }, [], keys)['keys']).toBe(state)
  const back = { ...keys, replaced: ['age1old'] }
  expect(states(YOUNG, [], { sources: [] }, [], back)['keys']).toBe('finding')
  const slip = { ...keys, wrong: '"age1x" is not an age recipient' }
  expect(states(YOUNG, [], { sources: [] }, [], slip)['keys']).toBe('finding')
})

test('that one server comes back says nothing of another one', () => {
  const of = (...drills: DrillRecord[]) =>
    states(YOUNG, drills, { sources: [] }, [], undefined, ['shop', 'crm'])
  expect(of(drilled(YOUNG))).toMatchObject({
    ...{ drill: 'missed', rto: 'unknown', known: 'true true false' },
    drillDetail: 'server crm: never (1 of 2 servers)',
  })
  expect(of(drilled(YOUNG), drilled(OLD, 'crm'))).toMatchObject({
    ...{ drill: 'ok', rto: 'ok', known: 'true true true' },
    drillDetail: expect.stringMatching(/^20d 11h ago, .* \(all 2 servers\)$/),
  })
  const failed = { ...drilled(YOUNG, 'crm'), outcome: 'failed' as const }
  expect(of(failed, drilled(YOUNG))).toMatchObject({
    drill: 'finding',
    drillDetail: expect.stringMatching(/^server crm: .* FAILED/),
  })
  // Of a server that is no more.
  expect(states(YOUNG, [drilled(YOUNG, 'gone')])).toMatchObject({ drill: 'missed' })
})

test('what is wrong with the copies, or with the log, is told one by one', () => {
  const rules = [
    { rule: '1 off site', met: false, detail: 'none' },
    { rule: '0', met: false, detail: 'repository: a file was found damaged; never drilled' },
  ]
  const gap = { from: OLD, until: null, why: 'a gap' }
  const facts = {
    ...{ now: NOW, drills: [], server: [], recipients: KEYS, formerServers: [] },
    copies: {
      ...{ target: 't', met: false, places: [], former: [], refused: [{ name: 'x' }] },
      datasets: [{ sourceId: 'shop', newestShows: YOUNG, places: [], rules }],
      ...{ stale: [{ name: 'disks', why: 'its newest is of yesterday' }], vanished: ['s1'] },
      ahead: [{ snapshotId: 's2', label: 'disk-a' }],
    },
    window: {
      sources: [
        {
          ...{ sourceId: 'shop', gaps: [gap], doubts: [gap] },
          stretches: [{ restorable: { from: OLD, until: OLD }, restorableFiles: null }],
        },
      ],
      ...{ refused: [], unreadable: [] },
    },
    objectives: { rpoMs: 26 * 3_600_000, rtoMs: null, drillEveryMs: null },
    schedule: { jobs: [], problems: [], scheduler: null },
  } as unknown as StatusFacts
  const { problems } = shopStatus(facts)
  const parts = Object.fromEntries(problems.map(one => [one.key, one.parts]))
  expect(parts).toMatchObject({
    'status 3-2-1-1-0': [
      ...['1 off site', 'repository: a file was found damaged', 'never drilled'],
      ...['disks is too old', 'snapshot s1 has vanished'],
      ...['snapshot s2, which disk-a has, has vanished', 'x is not believed'],
    ],
    'status binlog': ['stopped', `gap from ${OLD}`, `doubt from ${OLD}`],
    'status drill': ['finding'],
  })
})
