import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { packageRoot } from '#core/paths'
import {
  classesOfNew,
  decideRetention,
  lockUntilOf,
  provenSnapshots,
  type RetainedSnapshot,
} from '#domain/retention/decide-retention'
import { periodsLater, startOfPeriod } from '#domain/retention/periods'
import { PERIODS, type RetentionPolicy } from '#domain/retention/recovery-policy'

const DAY_MS = 86_400_000
const POLICY: RetentionPolicy = {
  ...{ last: 7, hourly: 0, daily: 14, weekly: 8, monthly: 12, yearly: 3 },
  ...{ proof: 'verify', unprovenMs: 30 * DAY_MS, waitMs: 3 * DAY_MS, logMs: null },
}

/** Snapshot n of a series: ids sort by n. */
function snapshot(n: number, change: Partial<RetainedSnapshot> = {}): RetainedSnapshot {
  return {
    snapshotId: `s${String(n).padStart(5, '0')}`,
    series: 'shop logical all',
    consistentAt: '2026-01-01T00:00:00.000Z',
    ...{ base: null, lockUntil: null, proof: 'verified' },
    ...change,
  }
}

const at = (days: number): string =>
  new Date(Date.UTC(2024, 0, 1, 3, 30) + days * DAY_MS).toISOString()

const nightly = (days: number, change: (day: number) => Partial<RetainedSnapshot> = () => ({})) =>
  Array.from({ length: days }, (_, day) => snapshot(day, { consistentAt: at(day), ...change(day) }))

/** A line for each kept snapshot, and how many go. */
function shown(snapshots: readonly RetainedSnapshot[], policy: RetentionPolicy, now: string) {
  const verdicts = decideRetention(snapshots, policy, new Date(now))
  const times = new Map(snapshots.map(one => [one.snapshotId, one]))
  const kept = verdicts.filter(({ action }) => action === 'keep')
  const lines = kept.map(({ snapshotId, reasons }) => {
    const one = times.get(snapshotId)
    return `${snapshotId} ${one?.consistentAt} ${one?.proof}: ${reasons.join('; ')}`
  })
  return `${lines.join('\n')}\n${verdicts.length - kept.length} are removed\n`
}

const golden = (name: string): string => join(packageRoot(), `test/golden/retention/${name}.txt`)

describe('what is kept', () => {
  test('of three years of nights', async () => {
    await expect(shown(nightly(1000), POLICY, at(999.1))).toMatchFileSnapshot(golden('nightly'))
  })

  test('where a month was never verified, and one snapshot failed', async () => {
    const snapshots = nightly(120, day => {
      if (day >= 80) return { proof: 'unproven' }
      return day === 60 ? { proof: 'failed' } : {}
    })
    await expect(shown(snapshots, POLICY, at(119.1))).toMatchFileSnapshot(golden('unproven'))
  })

  test('of three years that nobody has looked at here, but for the newest', async () => {
    const snapshots = nightly(1000, day => (day === 999 ? {} : { proof: 'unproven' }))
    await expect(shown(snapshots, POLICY, at(999.1))).toMatchFileSnapshot(golden('not-looked-at'))
  })

  test('where a file that all share was found damaged, and stored anew since', async () => {
    const snapshots = nightly(400, day => (day > 396 ? {} : { proof: 'failed' }))
    await expect(shown(snapshots, POLICY, at(399.1))).toMatchFileSnapshot(golden('all-failed'))
  })

  test('all of a copy that becomes the repository, as if its proofs were of here', () => {
    const proven = nightly(1000)
    const ids = new Set(kept(proven, POLICY, new Date(at(999.1))).map(one => one.snapshotId))
    const copied = proven.filter(({ snapshotId }) => ids.has(snapshotId))
    for (const proof of ['unproven', 'failed'] as const) {
      for (const days of [1, 4, 40, 400]) {
        const since = Array.from({ length: days }, (_, n) =>
          snapshot(1000 + n, { consistentAt: at(1000 + n) }),
        )
        const now = new Date(at(1000 + days))
        const would = kept([...copied, ...since], POLICY, now)
        const unseen = copied.map(one => ({ ...one, proof }))
        const left = new Set(kept([...unseen, ...since], POLICY, now).map(one => one.snapshotId))
        // Of its month and year there is one that was proven since, so what has failed there need not stay.
        const begun = new Date(at(1000)).toISOString().slice(0, proof === 'failed' ? 4 : 0)
        const asked = would.filter(
          one => proof === 'unproven' || !one.consistentAt.startsWith(begun),
        )
        expect(asked.filter(({ snapshotId }) => !left.has(snapshotId))).toEqual([])
      }
    }
  })

  test('what has failed goes where another of its day, month and year is proven', () => {
    const snapshots = [
      snapshot(1, { consistentAt: at(0), proof: 'failed' }),
      snapshot(2, { consistentAt: at(0.1) }),
      snapshot(3, { consistentAt: at(1), proof: 'failed' }),
      snapshot(4, { consistentAt: at(2) }),
    ]
    const policy = { ...POLICY, last: 1, unprovenMs: 0 }
    const actions = (daily: number) =>
      decideRetention(snapshots, { ...policy, daily }, new Date(at(9))).map(({ action }) => action)
    expect(actions(2)).toEqual(['remove', 'keep', 'keep', 'keep'])
    expect(actions(0)).toEqual(['remove', 'keep', 'remove', 'keep'])
  })

  test('one that builds on what has failed stands for nothing that another can stand for', () => {
    const snapshots = [
      snapshot(1, { consistentAt: at(0), proof: 'failed' }),
      snapshot(2, { consistentAt: at(0.1), base: 's00001' }),
      snapshot(3, { consistentAt: at(0.2), proof: 'unproven' }),
      snapshot(4, { consistentAt: at(1) }),
    ]
    const verdicts = decideRetention(snapshots, { ...POLICY, last: 0, unprovenMs: 0 }, NOW)
    expect(verdicts.map(({ action }) => action)).toEqual(['remove', 'remove', 'keep', 'keep'])
    expect(verdicts[2]?.reasons.join()).toMatch(
      /would be daily 2 of 14, .*yearly 1 of 3, were it proven: `ecomdb backup verify --all`/,
    )
  })

  test('of weekly full and daily incremental ones, with locks', async () => {
    const snapshots = nightly(60, day => ({
      series: 'shop physical all',
      base: day % 7 === 0 ? null : `s${String(day - 1).padStart(5, '0')}`,
      lockUntil: day === 1 ? at(200) : null,
    }))
    const policy = { ...POLICY, last: 2, daily: 3, weekly: 2, monthly: 2, yearly: 0 }
    await expect(shown(snapshots, policy, at(59.1))).toMatchFileSnapshot(golden('chains'))
  })

  test('of two servers in one repository: neither takes the other’s places', () => {
    const both = nightly(40, day => ({ series: day % 2 ? 'a' : 'b' }))
    const alone = (series: string) => both.filter(one => one.series === series)
    const kept = (snapshots: readonly RetainedSnapshot[]) =>
      decideRetention(snapshots, POLICY, new Date(at(41)))
        .filter(({ action }) => action === 'keep')
        .map(({ snapshotId }) => snapshotId)
    expect(kept(both)).toEqual([...kept(alone('a')), ...kept(alone('b'))].sort())
  })

  test('one counts with all that it builds on', () => {
    const chain = (proof: RetainedSnapshot['proof']) => [
      snapshot(1, { proof }),
      snapshot(2, { base: 's00001' }),
    ]
    expect([...provenSnapshots(chain('verified'), POLICY)]).toEqual(['s00001', 's00002'])
    for (const proof of ['failed', 'unproven'] as const) {
      expect([...provenSnapshots(chain(proof), POLICY)]).toEqual([])
    }
  })

  test('a verify is not enough where the policy wants a drill', () => {
    const snapshots = [
      snapshot(1, { consistentAt: at(0), proof: 'drilled' }),
      snapshot(2, { consistentAt: at(1) }),
      snapshot(3, { consistentAt: at(2) }),
    ]
    const policy: RetentionPolicy = { ...POLICY, last: 1, daily: 0, proof: 'drill', unprovenMs: 0 }
    const verdicts = decideRetention(
      snapshots,
      { ...policy, weekly: 0, monthly: 0 },
      new Date(at(9)),
    )
    expect(verdicts.map(({ action }) => action)).toEqual(['keep', 'remove', 'keep'])
  })
})

/** Any repository: several servers, chains, proofs, locks, clocks that jump. */
const repositories = fc
  .array(
    fc.record({
      series: fc.constantFrom('a', 'b'),
      days: fc.double({ min: 0, max: 900, noNaN: true }),
      incremental: fc.boolean(),
      proof: fc.constantFrom('drilled', 'verified', 'failed', 'unproven'),
      lockDays: fc.option(fc.integer({ min: 0, max: 1200 })),
    }),
    { maxLength: 40 },
  )
  .map(made => {
    const newest = new Map<string, string>()
    return made.map(({ series, days, incremental, proof, lockDays }, n): RetainedSnapshot => {
      const base = incremental ? (newest.get(series) ?? null) : null
      const one = snapshot(n, { series, consistentAt: at(days), base, proof: proof as never })
      newest.set(series, one.snapshotId)
      return lockDays === null ? one : { ...one, lockUntil: at(lockDays) }
    })
  })

const policies = fc.record({
  ...{ last: fc.nat(3), hourly: fc.nat(3), daily: fc.nat(3), weekly: fc.nat(3) },
  ...{ monthly: fc.nat(3), yearly: fc.nat(3), waitMs: fc.constant(0) },
  logMs: fc.constant(null),
  proof: fc.constantFrom('verify' as const, 'drill' as const),
  unprovenMs: fc.nat(100 * DAY_MS),
})

const NOW = new Date(at(600))

function kept(
  snapshots: readonly RetainedSnapshot[],
  policy: RetentionPolicy,
  now = NOW,
): RetainedSnapshot[] {
  const ids = new Set(
    decideRetention(snapshots, policy, now)
      .filter(({ action }) => action === 'keep')
      .map(({ snapshotId }) => snapshotId),
  )
  return snapshots.filter(({ snapshotId }) => ids.has(snapshotId))
}

const CLASS = /^(last|hourly|daily|weekly|monthly|yearly) \d+ of \d+$/

const drilled = (one: RetainedSnapshot): RetainedSnapshot => ({ ...one, proof: 'drilled' })

/** Ids of those that do not count since they, or what they build on, have failed. */
function foundBad(snapshots: readonly RetainedSnapshot[], policy: RetentionPolicy): Set<string> {
  const bad = new Set<string>()
  for (const { snapshotId, proof, base } of snapshots)
    if (proof === 'failed' || bad.has(base ?? '')) bad.add(snapshotId)
  const proven = provenSnapshots(snapshots, policy)
  return new Set([...bad].filter(id => !proven.has(id)))
}

describe('whatever the repository and the policy', () => {
  test('the newest verified chain of every series survives, whole', () => {
    fc.assert(
      fc.property(repositories, policies, (snapshots, policy) => {
        const byId = new Map(snapshots.map(one => [one.snapshotId, one]))
        const enough = ({ proof }: RetainedSnapshot): boolean =>
          proof === 'drilled' || (proof === 'verified' && policy.proof === 'verify')
        const chain = (one: RetainedSnapshot): RetainedSnapshot[] => {
          const base = one.base ? byId.get(one.base) : undefined
          return base ? [one, ...chain(base)] : [one]
        }
        const verified = (one: RetainedSnapshot): boolean =>
          one.proof === 'drilled' || chain(one).every(enough)
        const left = new Set(kept(snapshots, policy).map(({ snapshotId }) => snapshotId))
        for (const series of ['a', 'b']) {
          const ofSeries = snapshots.filter(one => one.series === series)
          const newest = ofSeries.findLast(one => verified(one))
          const surviving = newest ? chain(newest) : ofSeries
          expect(surviving.every(({ snapshotId }) => left.has(snapshotId))).toBe(true)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('nothing that is kept lacks what it builds on, and no lock is disregarded', () => {
    fc.assert(
      fc.property(repositories, policies, (snapshots, policy) => {
        const left = kept(snapshots, policy)
        const ids = new Set(left.map(({ snapshotId }) => snapshotId))
        expect(left.every(({ base }) => base === null || ids.has(base))).toBe(true)
        const locked = snapshots.filter(one => one.lockUntil && new Date(one.lockUntil) > NOW)
        expect(locked.every(({ snapshotId }) => ids.has(snapshotId))).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  test('what a class would keep, were it proven, is kept', () => {
    fc.assert(
      fc.property(repositories, policies, (snapshots, policy) => {
        const bad = foundBad(snapshots, policy)
        const proven = snapshots.map(one => (bad.has(one.snapshotId) ? one : drilled(one)))
        const left = new Set(kept(snapshots, policy).map(({ snapshotId }) => snapshotId))
        const would = decideRetention(proven, policy, NOW).filter(({ reasons }) =>
          reasons.some(reason => CLASS.test(reason)),
        )
        expect(would.filter(({ snapshotId }) => !left.has(snapshotId))).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })

  test('what was found bad stays in a place of a class that no other stands for', () => {
    fc.assert(
      fc.property(repositories, policies, (snapshots, policy) => {
        const bad = foundBad(snapshots, policy)
        const left = kept(snapshots, policy)
        const byId = new Map(snapshots.map(one => [one.snapshotId, one]))
        for (const { snapshotId, classes } of decideRetention(
          snapshots.map(drilled),
          policy,
          NOW,
        )) {
          const one = byId.get(snapshotId)
          if (!one || !bad.has(snapshotId)) continue
          for (const period of classes) {
            const start = (of: RetainedSnapshot) =>
              +startOfPeriod(period, new Date(of.consistentAt))
            const same = left.filter(of => of.series === one.series && start(of) === start(one))
            expect(same).not.toEqual([])
            if (same.every(of => bad.has(of.snapshotId))) expect(same).toContain(one)
          }
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('what only counts were it proven is never more than the places of the classes', () => {
    fc.assert(
      fc.property(repositories, policies, (snapshots, policy) => {
        const places = PERIODS.reduce((sum, period) => sum + policy[period], policy.last)
        const would = decideRetention(snapshots, policy, NOW).filter(({ reasons }) =>
          reasons.some(reason => reason.startsWith('would be')),
        )
        // Of each of the two series those that nobody has looked at, and those that failed.
        expect(would.length).toBeLessThanOrEqual(4 * places)
      }),
      { numRuns: 1000 },
    )
  })

  test('to expire twice removes no more than once', () => {
    fc.assert(
      fc.property(repositories, policies, (snapshots, policy) => {
        const once = kept(snapshots, policy)
        expect(kept(once, policy)).toEqual(once)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('locks', () => {
  const start = new Date('2026-03-01T03:00:00Z')

  test('a new snapshot is locked for the classes that it is the first of', () => {
    expect(classesOfNew(start, [], POLICY)).toEqual(['daily', 'weekly', 'monthly', 'yearly'])
    expect(lockUntilOf(start, ['daily', 'yearly'], POLICY)?.toISOString()).toBe(
      '2029-01-01T00:00:00.000Z',
    )
    const earlier = [new Date('2026-02-28T03:00:00Z')]
    expect(classesOfNew(start, earlier, POLICY)).toEqual(['daily', 'monthly'])
    expect(lockUntilOf(start, ['daily', 'monthly'], POLICY)?.toISOString()).toBe(
      '2027-03-01T00:00:00.000Z',
    )
    const sameDay = [new Date('2026-03-01T01:00:00Z')]
    expect(classesOfNew(start, sameDay, POLICY)).toEqual([])
    expect(lockUntilOf(start, [], POLICY)).toBeNull()
  })

  test('an hourly one is not locked for years', () => {
    const hourly = { ...POLICY, hourly: 48 }
    expect(lockUntilOf(start, ['hourly'], hourly)?.toISOString()).toBe('2026-03-03T03:00:00.000Z')
  })

  test('never outlast the policy: when the lock ends, its own class still names it, then drops it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PERIODS), fc.integer({ min: 1, max: 20 }), (period, count) => {
        const policy = { ...POLICY, last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }
        const own = { ...policy, [period]: count }
        const until = lockUntilOf(start, [period], own)
        const later = Array.from({ length: count }, (_, n) =>
          periodsLater(period, startOfPeriod(period, start), n + 1),
        )
        const all = [start, ...later].map((when, n) =>
          snapshot(n, { consistentAt: when.toISOString() }),
        )
        expect(later.at(-1)).toEqual(until)
        const before = decideRetention(all.slice(0, -1), own, until ?? start)[0]
        expect(before?.classes).toEqual([period])
        expect(decideRetention(all, own, until ?? start)[0]?.action).toBe('remove')
      }),
    )
  })
})

test('weeks begin on Monday, and months have their own length', () => {
  const sunday = new Date('2026-11-22T23:59:59Z')
  expect(startOfPeriod('weekly', sunday).toISOString()).toBe('2026-11-16T00:00:00.000Z')
  expect(startOfPeriod('weekly', new Date('2026-11-23T00:00:00Z')).toISOString()).toBe(
    '2026-11-23T00:00:00.000Z',
  )
  const january = startOfPeriod('monthly', new Date('2026-01-31T12:00:00Z'))
  expect(periodsLater('monthly', january, 1).toISOString()).toBe('2026-02-01T00:00:00.000Z')
})
