import { hasNotCome } from '../has-not-come.ts'
import { periodsLater, startOfPeriod } from './periods.ts'
import { PERIODS, type Period, type RetentionPolicy } from './recovery-policy.ts'

/** What the decision knows of a snapshot. */
export interface RetainedSnapshot {
  /** UUIDv7: sorts by time. */
  snapshotId: string
  /** Snapshots are compared within one: the same server, method and databases. */
  series: string
  /** ISO 8601, UTC. */
  consistentAt: string
  /** The snapshot that an incremental one needs. */
  base: string | null
  /** ISO 8601: until when the target's lock holds. */
  lockUntil: string | null
  /** Of the newest attestation; unproven: there is none. drilled includes the whole chain. */
  proof: 'drilled' | 'verified' | 'failed' | 'unproven'
}

export interface RetentionVerdict {
  snapshotId: string
  action: 'keep' | 'remove'
  /** Why; for a person. */
  reasons: string[]
  /** The classes that it stands for. */
  classes: Period[]
}

/**
 * What of a repository is kept, and why.
 *
 * Only proven snapshots fill a class; each class is filled by the oldest proven snapshot of each
 * of its last periods that have one, so that a snapshot's class is known when it is made, and a
 * lock can be set for it. Never removed: the newest snapshot of a series, its newest proven one,
 * what a lock holds, and what any kept snapshot builds on; and what a class would keep, were it proven. What
 * nobody has looked at is not thrown away because a newer one was proven, nor what a copy may mend.
 *
 * @param snapshots all snapshots of a repository, in any order
 * @returns a verdict for each, oldest first
 */
export function decideRetention(
  snapshots: readonly RetainedSnapshot[],
  policy: RetentionPolicy,
  now: Date,
): RetentionVerdict[] {
  const ordered = snapshots.toSorted((a, b) => (a.snapshotId < b.snapshotId ? -1 : 1))
  const byId = new Map(ordered.map(one => [one.snapshotId, one]))
  const verdicts = new Map(
    ordered.map(({ snapshotId }) => [
      snapshotId,
      { snapshotId, action: 'remove', reasons: [], classes: [] } as RetentionVerdict,
    ]),
  )
  const keep = (snapshot: RetainedSnapshot, reason: string, period?: Period): void => {
    const verdict = verdicts.get(snapshot.snapshotId)
    if (!verdict) return
    verdict.action = 'keep'
    verdict.reasons.push(reason)
    if (period) verdict.classes.push(period)
  }
  const allSeries = [...Map.groupBy(ordered, ({ series }) => series).values()]
  const proven = (one: RetainedSnapshot): boolean => isProven(one, byId, policy)
  for (const series of allSeries) keepSeries(series, proven, policy, now, keep)
  for (const snapshot of ordered) keepByTime(snapshot, now, keep)
  const isKept = ({ snapshotId }: RetainedSnapshot): boolean =>
    verdicts.get(snapshotId)?.action === 'keep'
  for (const series of allSeries) {
    const rest = series.filter(one => !proven(one))
    const failed = new Set(rest.filter(one => hasFailed(one, byId)))
    for (const [one, reason] of wereTheyProven(series, failed, policy)) {
      if (rest.includes(one) && !isKept(one)) keep(one, reason)
    }
  }
  keepBases(ordered, byId, verdicts, keep)
  for (const verdict of verdicts.values()) {
    if (verdict.action === 'remove') verdict.reasons.push('no rule of the policy keeps it')
  }
  return [...verdicts.values()]
}

/** Ids of the snapshots that count: proven as the policy wants it, with all that they build on. */
export function provenSnapshots(
  snapshots: readonly RetainedSnapshot[],
  policy: RetentionPolicy,
): Set<string> {
  const byId = new Map(snapshots.map(one => [one.snapshotId, one]))
  const counted = snapshots.filter(one => isProven(one, byId, policy))
  return new Set(counted.map(({ snapshotId }) => snapshotId))
}

/** The newest snapshot of each series that is proven, and shows a moment that has come: by it a server comes back. */
export function newestProven(
  snapshots: readonly RetainedSnapshot[],
  policy: RetentionPolicy,
  now: Date,
): Set<string> {
  const proven = provenSnapshots(snapshots, policy)
  const counted = snapshots
    .filter(one => proven.has(one.snapshotId) && !hasNotCome(one.consistentAt, now))
    .toSorted((a, b) => (a.snapshotId < b.snapshotId ? -1 : 1))
  const newest = Map.groupBy(counted, ({ series }) => series).values()
  return new Set([...newest].flatMap(ofOne => ofOne.at(-1)?.snapshotId ?? []))
}

type Keep = (snapshot: RetainedSnapshot, reason: string, period?: Period) => void

/** The rules within one series, oldest first. */
function keepSeries(
  series: readonly RetainedSnapshot[],
  proven: (snapshot: RetainedSnapshot) => boolean,
  policy: RetentionPolicy,
  now: Date,
  keep: Keep,
): void {
  const counted = series.filter(proven)
  const newest = series.at(-1)
  if (newest) keep(newest, 'the newest')
  const newestProven = counted.at(-1)
  if (newestProven) keep(newestProven, 'the newest that is proven')
  for (const snapshot of series) {
    if (counted.includes(snapshot)) continue
    if (!newestProven) keep(snapshot, 'nothing of this series is proven')
    else keepUnproven(snapshot, policy, now, keep)
  }
  for (const { name, period, members } of placesOf(counted, policy)) {
    if (members[0]) keep(members[0], name, period)
  }
}

/** A place of a class, as "daily 2 of 14". */
interface ClassPlace {
  name: string
  period?: Period
  /** Those that could stand for it, oldest first; the oldest does. */
  members: readonly RetainedSnapshot[]
}

/**
 * The places of all classes that are filled when so many snapshots count: each of the last, and each of the
 * last periods that have one.
 *
 * @param counted of one series, oldest first
 */
function placesOf(counted: readonly RetainedSnapshot[], policy: RetentionPolicy): ClassPlace[] {
  const last = policy.last > 0 ? counted.slice(-policy.last).reverse() : []
  const places: ClassPlace[] = last.map((one, at) => ({
    name: `last ${at + 1} of ${policy.last}`,
    members: [one],
  }))
  for (const period of PERIODS) {
    const periods = Map.groupBy(counted, ({ consistentAt }) =>
      startOfPeriod(period, new Date(consistentAt)).getTime(),
    )
    const count = policy[period]
    const latest = [...periods].sort(([a], [b]) => b - a).slice(0, count)
    for (const [at, [, members]] of latest.entries()) {
      places.push({ name: `${period} ${at + 1} of ${count}`, period, members })
    }
  }
  return places
}

/**
 * What the classes would keep besides, were all proven that nobody has found bad; and for a place that none of
 * these stands for, one that was found bad: a copy may have what it lacks.
 *
 * @param series all of it, oldest first
 * @param failed those of it that were found bad
 * @returns each with what to do, for a person
 */
function wereTheyProven(
  series: readonly RetainedSnapshot[],
  failed: ReadonlySet<RetainedSnapshot>,
  policy: RetentionPolicy,
): Map<RetainedSnapshot, string> {
  const hopeful = series.filter(one => !failed.has(one))
  const without = placesOf(series, policy).filter(({ members }) =>
    members.every(one => failed.has(one)),
  )
  const names = new Map<RetainedSnapshot, string[]>()
  for (const { name, members } of [...placesOf(hopeful, policy), ...without]) {
    const [first] = members
    if (first) names.set(first, [...(names.get(first) ?? []), name])
  }
  const look = policy.proof === 'drill' ? '`ecomdb drill`' : '`ecomdb backup verify --all`'
  return new Map(
    [...names].map(([one, places]) => {
      const would = `would be ${places.join(', ')}`
      return failed.has(one)
        ? [one, `${would}, had it not failed: bring what it lacks from a copy, then ${look}`]
        : [one, `${would}, were it proven: ${look}`]
    }),
  )
}

/** A snapshot is not thrown away because nobody has looked at it yet. */
function keepUnproven(
  snapshot: RetainedSnapshot,
  { unprovenMs }: RetentionPolicy,
  now: Date,
  keep: Keep,
): void {
  const until = new Date(new Date(snapshot.consistentAt).getTime() + unprovenMs)
  if (until <= now) return
  const state = snapshot.proof === 'failed' ? 'its newest proof failed' : 'not proven yet'
  keep(snapshot, `${state}: kept until ${until.toISOString()}`)
}

/** What neither policy nor person may shorten. */
function keepByTime(snapshot: RetainedSnapshot, now: Date, keep: Keep): void {
  const { lockUntil, consistentAt } = snapshot
  if (lockUntil && new Date(lockUntil) > now) keep(snapshot, `locked until ${lockUntil}`)
  if (new Date(consistentAt) > now) keep(snapshot, 'it shows a moment that has not come')
}

/** What a kept snapshot builds on is kept, through the whole chain. */
function keepBases(
  ordered: readonly RetainedSnapshot[],
  byId: ReadonlyMap<string, RetainedSnapshot>,
  verdicts: ReadonlyMap<string, RetentionVerdict>,
  keep: Keep,
): void {
  // A base is older than what builds on it, so one pass from the newest reaches all.
  for (const { snapshotId, base } of ordered.toReversed()) {
    const found = base ? byId.get(base) : undefined
    if (found && verdicts.get(snapshotId)?.action === 'keep') {
      keep(found, `${snapshotId} builds on it`)
    }
  }
}

/**
 * Does it count? Its own proof has to, and each snapshot that it builds on must be there; a
 * drill restores the whole chain, a verify reads one snapshot, so then each needs its own.
 */
function isProven(
  snapshot: RetainedSnapshot,
  byId: ReadonlyMap<string, RetainedSnapshot>,
  policy: RetentionPolicy,
): boolean {
  const enough = (proof: RetainedSnapshot['proof']): boolean =>
    proof === 'drilled' || (proof === 'verified' && policy.proof === 'verify')
  if (!enough(snapshot.proof)) return false
  const drilled = snapshot.proof === 'drilled'
  for (let { base } = snapshot; base !== null; ) {
    const found = byId.get(base)
    if (!found || found.snapshotId >= snapshot.snapshotId) return false
    if (!drilled && !enough(found.proof)) return false
    base = found.base
  }
  return true
}

/** Was it, or anything that it builds on, found bad, or is something of that not there? */
function hasFailed(
  snapshot: RetainedSnapshot,
  byId: ReadonlyMap<string, RetainedSnapshot>,
): boolean {
  for (let one = snapshot; one.proof !== 'failed'; ) {
    if (one.base === null) return false
    const found = byId.get(one.base)
    if (!found || found.snapshotId >= one.snapshotId) return true
    one = found
  }
  return true
}

/**
 * Until when a snapshot has to be locked so that its classes are kept to: the begin of the
 * period in which it drops out when each period brings a new one. Never later than the policy
 * keeps it, so a lock does not hold an hourly one for as long as a yearly one.
 *
 * @returns null when no class of the policy asks for a lock
 */
export function lockUntilOf(
  consistentAt: Date,
  classes: readonly Period[],
  policy: RetentionPolicy,
): Date | null {
  const ends = classes
    .filter(period => policy[period] > 0)
    .map(period =>
      periodsLater(period, startOfPeriod(period, consistentAt), policy[period]).getTime(),
    )
  return ends.length ? new Date(Math.max(...ends)) : null
}

/**
 * The classes that a new snapshot is going to stand for: those in whose present period its
 * series has none yet. When it later takes over another class (since an earlier one failed),
 * decideRetention says so, and its lock is extended by lockUntilOf.
 *
 * @param earlier when the earlier snapshots of its series were consistent
 */
export function classesOfNew(
  consistentAt: Date,
  earlier: readonly Date[],
  policy: RetentionPolicy,
): Period[] {
  return PERIODS.filter(period => {
    const start = startOfPeriod(period, consistentAt).getTime()
    return policy[period] > 0 && !earlier.some(at => startOfPeriod(period, at).getTime() === start)
  })
}
