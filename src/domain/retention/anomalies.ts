import { formatBytes, formatCount } from '#core/units'
import { isPart, type SnapshotEnvelope, wholeOrAll } from '../backup/envelope.ts'
import { hasNotCome } from '../has-not-come.ts'
import type { BrakePolicy } from './recovery-policy.ts'

/** What makes expire stop until a person has looked. */
export const ANOMALIES = [
  'shrunk',
  'table-missing',
  'table-emptied',
  'time-backwards',
  'future',
  'stale',
  'vanished',
] as const

export type AnomalyKind = (typeof ANOMALIES)[number]

export interface Anomaly {
  snapshotId: string
  kind: AnomalyKind
  /** For a person. */
  detail: string
}

/** A table that had fewer rows than this may become empty. */
const ROWS_THAT_MATTER = 100

/** Which snapshots are compared with each other: of the same server, method and databases. */
export function seriesOf({ sourceId, method, scope }: SnapshotEnvelope): string {
  return [sourceId, method, scope ?? 'all'].join(' ')
}

/**
 * What does not look right. Every snapshot is compared with the one before it, and not only the
 * newest: a shop that was emptied a month ago must not look right because it was empty
 * yesterday, too. A thing that a person has accepted is not told again.
 *
 * @param snapshots all that are there, oldest first
 * @param accepted snapshot id -> kinds that were accepted
 */
export function findAnomalies(
  snapshots: readonly SnapshotEnvelope[],
  accepted: ReadonlyMap<string, ReadonlySet<string>>,
  policy: BrakePolicy,
  now: Date,
): Anomaly[] {
  const found: Anomaly[] = snapshots.flatMap(one => ofTheFuture(one, now))
  for (const series of Map.groupBy(snapshots, comparedWith).values()) {
    const shrunk = shrinkings(series, policy)
    for (const [at, snapshot] of series.entries()) {
      const before = series[at - 1]
      found.push(...shrunk.filter(({ snapshotId }) => snapshotId === snapshot.snapshotId))
      if (before) found.push(...compared(before, snapshot))
    }
  }
  const byServer = Map.groupBy(wholeOrAll(snapshots), ({ sourceId }) => sourceId)
  for (const ofOne of byServer.values()) {
    found.push(...staleness(ofOne, policy, now))
  }
  return found.filter(({ snapshotId, kind }) => !accepted.get(snapshotId)?.has(kind))
}

/**
 * What a person accepted at snapshots that go, and that is true of the next one that stays: with them gone
 * that one is compared with what was before them, and would be told anew of a thing that is known.
 * Nothing else is: what nobody has accepted on the way is told. What has shrunk is compared with the largest one
 * that is left, so that it can be told of a later one that stays, behind others that are large enough.
 *
 * @param snapshots all that are there, oldest first
 * @param going ids of those that are about to be removed
 * @returns for snapshots that stay, the kinds, and the ids of those where they were accepted
 */
export function acceptancesThatStay(
  snapshots: readonly SnapshotEnvelope[],
  going: ReadonlySet<string>,
  accepted: ReadonlyMap<string, ReadonlySet<string>>,
  policy: BrakePolicy,
  now: Date,
): { snapshotId: string; kinds: AnomalyKind[]; from: string[] }[] {
  const staying = snapshots.filter(({ snapshotId }) => !going.has(snapshotId))
  const anomalies = findAnomalies(staying, accepted, policy, now)
  const known = findAnomalies(snapshots, new Map(), policy, now)
  const isNew = (one: Anomaly): boolean =>
    !known.some(({ snapshotId, kind }) => snapshotId === one.snapshotId && kind === one.kind)
  return [...Map.groupBy(snapshots, comparedWith).values()].flatMap(series =>
    series.flatMap(({ snapshotId }, at) => {
      const before = series.slice(0, at)
      const neighbour = before.findLastIndex(one => !going.has(one.snapshotId))
      const between = before.slice(neighbour + 1)
      const earlier = before.filter(one => going.has(one.snapshotId))
      const carried = anomalies
        .filter(one => one.snapshotId === snapshotId)
        .flatMap(one => {
          const places = one.kind === 'shrunk' && isNew(one) ? earlier : between
          const ids = places.map(place => place.snapshotId)
          return ids.flatMap(id => (accepted.get(id)?.has(one.kind) ? { id, kind: one.kind } : []))
        })
      if (carried.length === 0) return []
      const kinds = [...new Set(carried.map(({ kind }) => kind))]
      return [{ snapshotId, kinds, from: [...new Set(carried.map(({ id }) => id))] }]
    }),
  )
}

/** An incremental snapshot is as large as what changed: only others like it tell anything. */
function comparedWith(snapshot: SnapshotEnvelope): string {
  return `${seriesOf(snapshot)}${snapshot.base ? ' incremental' : ''}`
}

function ofTheFuture({ snapshotId, consistentAt }: SnapshotEnvelope, now: Date): Anomaly[] {
  if (!hasNotCome(consistentAt, now)) return []
  const detail = `it shows ${consistentAt}, and now is ${now.toISOString()}: a clock is wrong`
  return [{ snapshotId, kind: 'future', detail }]
}

/**
 * Compared with the largest one since it shrank before, and not only with the one before it: what goes away in
 * small steps is gone, too. Told once, of the first one that is too small.
 */
function shrinkings(series: readonly SnapshotEnvelope[], { shrinkTo }: BrakePolicy): Anomaly[] {
  const found: Anomaly[] = []
  let largest: SnapshotEnvelope | undefined
  for (const [at, snapshot] of series.entries()) {
    const measure = measureOf(...(largest ? [largest, snapshot] : [snapshot]))
    const [was, is] = [largest ? measure(largest) : null, measure(snapshot)]
    if (was !== null && is !== null && is < was * shrinkTo) {
      const before =
        series[at - 1] === largest ? 'the one before' : `that of ${largest?.consistentAt}`
      const detail = `${formatBytes(is)}, ${before} ${formatBytes(was)}`
      found.push({ snapshotId: snapshot.snapshotId, kind: 'shrunk', detail })
      largest = snapshot
    } else if (is !== null && (was === null || is >= was)) {
      largest = snapshot
    }
  }
  return found
}

function compared(before: SnapshotEnvelope, snapshot: SnapshotEnvelope): Anomaly[] {
  const { snapshotId } = snapshot
  const found: Anomaly[] = []
  const add = (kind: AnomalyKind, detail: string): void => {
    found.push({ snapshotId, kind, detail })
  }
  if (snapshot.consistentAt < before.consistentAt) {
    add(
      'time-backwards',
      `it shows ${snapshot.consistentAt}, the one before ${before.consistentAt}`,
    )
  }
  const tables = new Map(snapshot.tables.map(table => [table.id, table]))
  const missing = before.tables.filter(({ id }) => !tables.has(id)).length
  if (missing > 0) add('table-missing', `${missing} of ${before.tables.length} tables are gone`)
  const emptied = before.tables.filter(
    ({ id, rows }) => rows >= ROWS_THAT_MATTER && tables.get(id)?.rows === 0,
  )
  if (emptied.length > 0) {
    const rows = emptied.reduce((sum, table) => sum + table.rows, 0)
    add('table-emptied', `${emptied.length} tables that had ${formatCount(rows)} rows are empty`)
  }
  return found
}

/**
 * Bytes of the content where both envelopes tell, else those that are stored: of packs that are used again
 * also what nobody needs, so that a key's rotation makes less of them. An incremental snapshot names its
 * whole chain, whose length says nothing: null.
 */
function measureOf(...pair: readonly SnapshotEnvelope[]): typeof contentOf {
  const isTold = ({ method, contentBytes }: SnapshotEnvelope): boolean =>
    method === 'logical' || contentBytes !== undefined
  return pair.every(isTold) ? one => contentOf(one) ?? storedOf(one) : storedOf
}

function storedOf({ objects, base }: SnapshotEnvelope): number | null {
  return base ? null : objects.reduce((sum, { bytes }) => sum + bytes, 0)
}

function contentOf({ tables, contentBytes, base }: SnapshotEnvelope): number | null {
  if (base) return null
  const bytes = contentBytes ?? tables.reduce((sum, table) => sum + table.bytes, 0)
  return bytes > 0 ? bytes : null
}

function staleness(
  ofOneServer: readonly SnapshotEnvelope[],
  { staleMs, formerServers }: BrakePolicy,
  now: Date,
): Anomaly[] {
  const newest = ofOneServer.at(-1)
  if (!newest || formerServers.includes(newest.sourceId)) return []
  const ageMs = now.getTime() - new Date(newest.consistentAt).getTime()
  if (ageMs <= staleMs) return []
  const what = isPart(newest) ? 'no backup' : 'no backup of all databases'
  const detail = `the newest of its server shows ${newest.consistentAt}: ${what} since then`
  return [{ snapshotId: newest.snapshotId, kind: 'stale', detail }]
}
