import { expect, test } from 'vitest'
import type { Attestation } from '#domain/backup/attestation'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { newerInCopies, type Place, threeTwoOne } from '#domain/copy/three-two-one'

const NOW = new Date('2026-11-20T12:00:00Z')
const ago = (hours: number): string => new Date(NOW.getTime() - hours * 3_600_000).toISOString()
const DAY_MS = 86_400_000

function snapshot(snapshotId: string, hours: number, change = {}): SnapshotEnvelope {
  const consistentAt = ago(hours)
  return {
    ...{ format: 1, requires: [], repositoryId: 'r', snapshotId, sourceId: 'shop' },
    ...{ method: 'logical', engine: 'mysql', serverVersion: '9.7.4', tool: 't' },
    ...{ startedAt: consistentAt, consistentAt, completedAt: consistentAt },
    ...{ manifest: { path: 'm', bytes: 1, sha256: '' }, objects: [], tables: [] },
    ...{ parent: null, recipients: [], lockUntil: null },
    ...change,
  }
}

function place(label: string, change: Partial<Place> = {}): Place {
  return {
    ...{ copyId: label, label, name: label, directory: null, media: 'usb-disk' },
    ...{ offsite: true, offline: true, held: new Map(), present: false },
    ...{ lastSeenAt: ago(10), maxAgeMs: 8 * DAY_MS, snapshots: new Set(['s1']) },
    ...{ newest: [], compared: new Set(['s1', 's2']) },
    ...change,
  }
}

const repository = place('repository', {
  ...{ copyId: null, name: null, media: 'raid', offsite: false, offline: false },
  ...{ present: true, lastSeenAt: null, maxAgeMs: null, snapshots: new Set(['s1', 's2']) },
  compared: new Set(),
})

function attestation(kind: Attestation['kind'], snapshotId: string, change = {}): Attestation {
  return {
    ...{ format: 1, repositoryId: 'r', attestationId: 'a', snapshotId, envelopeSha256: '', kind },
    ...{ outcome: 'passed', startedAt: ago(1), completedAt: ago(1), tool: 't', damaged: [] },
    details: {},
    ...change,
  }
}

const snapshots = [snapshot('s1', 30), snapshot('s2', 6)]
const proofs = [attestation('drill', 's1'), attestation('verify', 's2')]
const objectives = { rpoMs: null, drillEveryMs: 35 * DAY_MS }

const missing = (change: Partial<Parameters<typeof threeTwoOne>[0]>): string[] => {
  const all = { snapshots, attestations: proofs, places: [repository, place('disk')], objectives }
  const [status] = threeTwoOne({ ...all, now: NOW, ...change })
  return (status?.rules ?? [])
    .filter(({ met }) => !met)
    .map(({ rule, detail }) => `${rule}: ${detail}`)
}

test('what came since the last verify is no error until the next one had its time', () => {
  const ids = ['s1', 's2', 's3']
  const here = { ...repository, snapshots: new Set(ids) }
  const errors = (second: number, verified = ['s1']) =>
    missing({
      places: [here, place('disk')],
      snapshots: [snapshot('s1', 60), snapshot('s2', second), snapshot('s3', 4)],
      attestations: [attestation('drill', 's1'), ...verified.map(id => attestation('verify', id))],
    }).filter(text => text.includes('repository'))
  expect(errors(20)).toEqual([])
  const told = [expect.stringContaining('repository: the newest snapshot was never verified')]
  // A verify has left it out.
  expect(errors(30)).toEqual(told)
  // Nothing verifies there.
  expect(errors(20, [])).toEqual(told)
})

test('what other means have brought into a copy counts once it was compared or verified there', () => {
  const both = new Set(['s1', 's2'])
  const of = (
    compared: readonly string[],
    change: Partial<Parameters<typeof threeTwoOne>[0]> = {},
  ) => {
    const disk = place('disk', { snapshots: both, compared: new Set(compared) })
    const input = { snapshots, attestations: proofs, places: [repository, disk], objectives }
    const [status] = threeTwoOne({ ...input, now: NOW, ...change })
    const { newestShows, problems } = status?.places.at(-1) ?? {}
    return { newestShows, problems }
  }
  expect(of(['s1', 's2'])).toEqual({ newestShows: ago(6), problems: [] })
  expect(of(['s1'])).toEqual({ newestShows: ago(30), problems: [] })
  const unknown = ['disk: the newest snapshot was never verified']
  expect(of([])).toEqual({ newestShows: ago(6), problems: unknown })
  const here = { copyId: 'disk', completedAt: ago(0) }
  const verified = [...proofs, attestation('verify', 's2', here)]
  expect(of(['s1'], { attestations: verified })).toEqual({ newestShows: ago(6), problems: [] })
  const bad = [...proofs, attestation('verify', 's2', { ...here, outcome: 'failed' })]
  expect(of(['s1'], { attestations: bad })).toEqual({
    newestShows: ago(6),
    problems: ['disk: the newest verify failed'],
  })
})

test('met by the server, a repository and a disk in another house', () => {
  expect(missing({})).toEqual([])
})

test('a repository alone', () => {
  expect(missing({ places: [repository] })).toEqual([
    '3: 2 copies: the server, repository',
    '2: media: raid',
    '1 off site: none',
    '1 offline: none offline or immutable',
  ])
})

test('a medium that nobody has named is not taken for another one', () => {
  const places = [repository, place('disk', { media: null })]
  expect(missing({ places })).toEqual(['2: media: raid, unnamed'])
})

test('what shows a moment that has not come is not young, and hides no newer one', () => {
  const ahead = snapshot('s3', -24 * 365)
  const stopped = place('repository', { ...repository, snapshots: new Set(['s3']) })
  const disk = place('disk', { snapshots: new Set(['s3']) })
  const only = { snapshots: [ahead], attestations: [attestation('drill', 's3')] }
  expect(missing({ ...only, places: [stopped, disk] })).toHaveLength(4)
  const all = [...snapshots, ahead]
  const both = place('repository', { ...repository, snapshots: new Set(['s1', 's2', 's3']) })
  expect(missing({ snapshots: all, places: [both, place('disk')] })).toEqual([])
  const old = [snapshot('s2', 30), ahead]
  expect(missing({ snapshots: old, places: [both, place('disk')] })).not.toEqual([])
})

test('a drill of a moment that has not come is no drill of late', () => {
  const completedAt = ago(-24 * 365)
  const drilled = [attestation('drill', 's1', { completedAt }), attestation('verify', 's2')]
  expect(missing({ attestations: drilled })).toEqual([
    `0: the newest drill is of ${completedAt}, which has not come: a clock was wrong`,
  ])
})

test('a file that was found damaged at an older snapshot is one of the newest, too', () => {
  const damaged = [{ path: 'm', problem: 'it has changed' }]
  const attestations = [...proofs, attestation('verify', 's1', { outcome: 'failed', damaged })]
  expect(missing({ attestations })).toEqual([
    '0: repository: a file of the newest snapshot was found damaged',
  ])
})

test('a copy that is too old counts for nothing', () => {
  const old = place('disk', { maxAgeMs: DAY_MS })
  expect(missing({ places: [repository, old] })).toHaveLength(4)
})

test('a copy whose newest snapshot the repository has no more counts by its age', () => {
  const held = (hours: number, sourceId = 'shop') => {
    const newest = [{ sourceId, snapshotId: 's0', consistentAt: ago(hours) }]
    const ids = new Set(['s0'])
    const places = [repository, place('disk', { snapshots: ids, compared: ids, newest })]
    return threeTwoOne({ snapshots, attestations: proofs, places, objectives, now: NOW })[0]
  }
  expect(held(48)?.met).toBe(true)
  expect(held(48)?.places[1]).toMatchObject({
    newestShows: ago(48),
    newestExpired: true,
    fresh: true,
  })
  expect(held(9 * 24)?.places[1]).toMatchObject({ newestShows: ago(9 * 24), fresh: false })
  // It is of another server.
  expect(held(48, 'other')?.places[1]).toMatchObject({ newestShows: null, newestExpired: false })
})

const HELD_WELL = { loose: 0, weaker: 0, shortened: 0 }

test('a lock that the target itself confirms is as good as offline, until it ends', () => {
  const held = (until: string | null, change = {}) => ({
    ...repository,
    held: new Map([['s2', { ...{ until, files: 4, asked: 4 }, ...HELD_WELL, ...change }]]),
  })
  const places = [place('nas', { offline: false, media: 'nas' })]
  expect(missing({ places: [held(ago(-1)), ...places] })).toEqual([])
  const loose = (files: string) =>
    `1 offline: none offline or immutable; repository: ${files} of the newest snapshot not locked`
  expect(missing({ places: [held(ago(1)), ...places] })).toEqual([loose('1 of 4 files')])
  // All that it needs has to be, and not its envelope alone.
  const [weaker] = missing({ places: [held(null, { weaker: 2 }), ...places] })
  expect(weaker).toContain('2 of 4 files of the newest snapshot locked in governance mode')
  expect(missing({ places: [held(null, { loose: 3, shortened: 1 }), ...places] })).toEqual([
    loose('3 of 4 files'),
  ])
  const [shortened] = missing({ places: [held(null, { shortened: 1 }), ...places] })
  expect(shortened).toContain(
    '1 of 4 files of the newest snapshot locked for less than it promises',
  )
  const some = { files: 2000, asked: 1000 }
  const [status] = threeTwoOne({
    ...{ snapshots, attestations: proofs, objectives, now: NOW },
    places: [held(ago(-1), some), ...places],
  })
  expect(status?.rules.find(({ rule }) => rule === '1 offline')?.detail).toBe(
    `repository locked until ${ago(-1)} (1,000 of its 2,000 files asked about)`,
  )
})

const AT_MOMENT = 'drill failed at its moment of the log, after the snapshot had come back'

test.each<[string, Attestation[], string]>([
  [
    'never verified',
    [attestation('drill', 's1')],
    '0: repository: the newest snapshot was never verified',
  ],
  ['never drilled', [attestation('verify', 's2')], '0: never drilled'],
  [
    'verified in vain',
    [attestation('drill', 's1'), attestation('verify', 's2', { outcome: 'failed' })],
    '0: repository: the newest verify failed',
  ],
  [
    'drilled in vain, from the disk',
    [...proofs, attestation('drill', 's1', { outcome: 'failed', copyId: 'disk' })],
    `0: disk: the newest drill failed; the newest drill failed (${ago(1)})`,
  ],
  [
    'drilled to a moment in vain',
    [
      ...proofs,
      attestation('drill', 's2', {
        outcome: 'failed',
        details: { checks: [{ name: 'moment', outcome: 'failed' }] },
      }),
    ],
    `0: repository: the newest ${AT_MOMENT}; the newest ${AT_MOMENT} (${ago(1)})`,
  ],
  [
    'rows drilled in vain, before data files passed',
    [
      attestation('drill', 's1', { outcome: 'failed', completedAt: ago(200) }),
      attestation('drill', 's0', { details: { sourceId: 'shop', method: 'physical' } }),
      attestation('verify', 's2'),
    ],
    `0: a logical drill failed (${ago(200)}), and none of that place has passed since`,
  ],
  [
    'drilled in vain from a copy, before the repository passed',
    [
      attestation('drill', 's1', { outcome: 'failed', copyId: 'old', completedAt: ago(200) }),
      ...proofs,
    ],
    `0: a logical drill failed (${ago(200)}), and none of that place has passed since`,
  ],
  [
    'drilled long ago',
    [attestation('drill', 's1', { completedAt: ago(40 * 24) }), attestation('verify', 's2')],
    `0: the newest drill is of ${ago(40 * 24)}`,
  ],
])('%s is an error', (_, attestations, expected) => {
  expect(missing({ attestations })).toEqual([expected])
})

test('what failed from a copy counts no more when its snapshot has expired', () => {
  const details = { sourceId: 'shop', method: 'logical' }
  const failed = attestation('drill', 's0', { outcome: 'failed', copyId: 'old', details })
  expect(missing({ attestations: [failed, ...proofs] })).toEqual([])
})

test('a drill counts when its snapshot has expired since, for its own server', () => {
  const of = (sourceId: string) => attestation('drill', 's0', { details: { sourceId } })
  expect(missing({ attestations: [of('shop'), attestation('verify', 's2')] })).toEqual([])
  const other = [of('other'), attestation('verify', 's2')]
  expect(missing({ attestations: other })).toEqual(['0: never drilled'])
})

test('a disk that is away may hold what has expired here', () => {
  const away = place('disk', { snapshots: new Set(['s0']) })
  const places = [repository, away]
  const [status] = threeTwoOne({ snapshots, attestations: proofs, places, objectives, now: NOW })
  expect(status?.places[1]).toMatchObject({ newestShows: null, expired: 1, fresh: false })
})

test('each server has a status of its own', () => {
  const other = snapshot('s3', 6, { sourceId: 'other' })
  const statuses = threeTwoOne({
    ...{ snapshots: [...snapshots, other], attestations: proofs, objectives, now: NOW },
    places: [repository, place('disk')],
  })
  expect(statuses.map(({ sourceId, met }) => [sourceId, met])).toEqual([
    ['shop', true],
    ['other', false],
  ])
})

test('a copy that has a newer one than the repository tells of one that vanished', () => {
  const held = (snapshotId: string, hours: number, sourceId = 'shop') => ({
    ...{ sourceId, snapshotId, consistentAt: ago(hours) },
  })
  const disk = place('disk', { newest: [held('s9', 1), held('o1', 50, 'other')] })
  const here = [snapshot('s1', 30), snapshot('s2', 6)]
  expect(newerInCopies(here, [disk], new Set())).toEqual([
    { snapshotId: 's9', label: 'disk' },
    { snapshotId: 'o1', label: 'disk' },
  ])
  expect(newerInCopies(here, [disk], new Set(['s9', 'o1']))).toEqual([])
  const older = place('older', { newest: [held('s0', 40)] })
  expect(
    newerInCopies(here, [older, place('same', { newest: [held('s2', 6)] })], new Set()),
  ).toEqual([])
})

test('a newer snapshot of some databases only does not make one of all young, nor proven', () => {
  const whole = snapshot('s1', 100)
  const part = snapshot('s2', 1, { scope: 'x' })
  const status = (snapshots: SnapshotEnvelope[]) =>
    threeTwoOne({
      ...{ snapshots, places: [repository], now: NOW },
      attestations: [attestation('drill', 's2')],
      objectives: { rpoMs: 26 * 3_600_000, drillEveryMs: null },
    })[0]
  expect(status([whole, part])).toMatchObject({ newestShows: ago(100) })
  expect(status([whole, part])?.places[0]).toMatchObject({ fresh: false })
  expect(status([whole, part])?.rules.at(-1)).toMatchObject({ met: false })
  expect(status([part])).toMatchObject({ newestShows: ago(1) })
  expect(status([part])?.places[0]).toMatchObject({ fresh: true })
})

test('what a copy or an expired drill tells of some databases only is nothing of all', () => {
  const held = (snapshotId: string, hours: number, scope?: string) => ({
    ...{ sourceId: 'shop', snapshotId, consistentAt: ago(hours), ...(scope ? { scope } : {}) },
  })
  const newest = [held('s1', 300), held('gone', 1, 'x')]
  const [status] = threeTwoOne({
    ...{ snapshots: [snapshot('s1', 300)], now: NOW, objectives },
    places: [place('disk', { newest })],
    attestations: [attestation('drill', 'gone', { details: { sourceId: 'shop', part: true } })],
  })
  expect(status?.places[0]).toMatchObject({ newestShows: ago(300), fresh: false })
  expect(status?.rules.at(-1)).toMatchObject({ detail: 'never drilled' })
  const ahead = (here: SnapshotEnvelope[], there: typeof newest) =>
    newerInCopies(here, [place('disk', { newest: there })], new Set()).map(one => one.snapshotId)
  // A newer one of a part here does not hide that the newest of all has vanished.
  const here = [snapshot('s1', 300), snapshot('s3', 1, { scope: 'x' })]
  expect(ahead(here, [held('s2', 6), held('s3', 1, 'x')])).toEqual(['s2'])
  // An earlier version's copies did not tell of what it is.
  expect(ahead(here, [held('s3', 1)])).toEqual([])
})

test('what a look at a part finds damaged counts of all that share it', () => {
  const objects = [{ path: 'shared', bytes: 1, sha256: '' }]
  const [status] = threeTwoOne({
    snapshots: [snapshot('s1', 6, { objects }), snapshot('s2', 1, { scope: 'x', objects })],
    attestations: [
      attestation('drill', 's1'),
      attestation('verify', 's2', {
        ...{ outcome: 'failed', damaged: [{ path: 'shared', problem: 'missing' }] },
      }),
    ],
    ...{ places: [repository], objectives, now: NOW },
  })
  expect(status?.rules.at(-1)).toMatchObject({
    detail: 'repository: a file of the newest snapshot was found damaged',
  })
})
