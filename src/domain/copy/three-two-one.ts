import { formatCount } from '#core/units'
import type { Attestation } from '../backup/attestation.ts'
import { isPart, type SnapshotEnvelope, serversWithWhole, wholeOrAll } from '../backup/envelope.ts'
import { failedAtMoment, foundBad } from '../backup/proof-of-snapshot.ts'
import { hasNotCome } from '../has-not-come.ts'
import {
  type DrillRecord,
  decisiveDrill,
  drillRecords,
  isDrillOfPart,
} from '../status/drill-record.ts'
import { type HeldSnapshot, scopeOf } from './copy-record.ts'

/** A place that holds snapshots: the repository, or a copy of it. */
export interface Place {
  /** null: the repository that backups go to. */
  copyId: string | null
  label: string
  /** Of the configuration; several disks may share one. */
  name: string | null
  directory: string | null
  media: string | null
  offsite: boolean
  offline: boolean
  /** How the target itself holds the newest snapshot of each server; by snapshot id. */
  held: ReadonlyMap<string, HeldFiles>
  /** It is here now. */
  present: boolean
  /** It should be here, always, and is not: what is written down of it does not count. */
  unreachable?: boolean
  /** ISO 8601: when it was here the last time; null: never, or it cannot go. */
  lastSeenAt: string | null
  /** How old its newest snapshot may be; null: nothing is asked of it. */
  maxAgeMs: number | null
  /** Ids of the snapshots that it has whole, as far as this host knows. */
  snapshots: ReadonlySet<string>
  /** Of each server, where that is known: it may be one that the repository has no more. */
  newest: readonly HeldSnapshot[]
  /** Ids of the snapshots every file of which `backup copy` has compared with its signed hash: other means may bring more. */
  compared: ReadonlySet<string>
}

/** What the target said of all that a snapshot needs. */
export interface HeldFiles {
  /** ISO 8601: the earliest that any of them may be removed at; null: one may be now. */
  until: string | null
  /** Files that it needs, and how many of them the target was asked about. */
  files: number
  asked: number
  /** Of these, those that no lock holds now. */
  loose: number
  /** Held, but in governance mode where compliance is asked for. */
  weaker: number
  /** Held, but for less than the snapshot promises: whoever has the right to bypass locks has shortened them. */
  shortened: number
}

/** 3 copies, 2 media, 1 off site, 1 offline or immutable, 0 errors: of one server's snapshots. */
export interface DatasetStatus {
  sourceId: string
  engine: string
  serverVersion: string
  /** ISO 8601: what the newest snapshot anywhere shows. */
  newestShows: string
  places: PlaceStatus[]
  rules: { rule: '3' | '2' | '1 off site' | '1 offline' | '0'; met: boolean; detail: string }[]
  met: boolean
}

export interface PlaceStatus {
  label: string
  copyId: string | null
  newestShows: string | null
  /** The repository has that one no more. */
  newestExpired: boolean
  /** Its newest snapshot is young enough to count. */
  fresh: boolean
  /** Snapshots in it that the repository has no more. */
  expired: number
  present: boolean
  /** It is never away, and is not here. */
  unreachable: boolean
  /** Its disk is taken away between copies. */
  offline: boolean
  lastSeenAt: string | null
  problems: string[]
}

export interface StatusInput {
  snapshots: readonly SnapshotEnvelope[]
  attestations: readonly Attestation[]
  places: readonly Place[]
  objectives: { rpoMs: number | null; drillEveryMs: number | null }
  now: Date
}

/** A day, and two hours for the backup itself: where no RPO is promised. */
export const DEFAULT_RPO_MS = 26 * 3_600_000

/** One status for each server. The live server is the first of the three copies. */
export function threeTwoOne(input: StatusInput): DatasetStatus[] {
  const whole = wholeOrAll(input.snapshots)
  const without = withoutParts(input, whole)
  const byServer = Map.groupBy(whole, ({ sourceId }) => sourceId)
  return [...byServer.values()].map(ofServer => datasetStatus(ofServer, without))
}

const UNNAMED = 'unnamed'

interface Counting extends StatusInput {
  /** Those that tell whether a server comes back. What they found damaged counts of all the same. */
  drills: readonly DrillRecord[]
}

/** What a snapshot of some databases only is worth says nothing of all of them. */
function withoutParts(input: StatusInput, whole: readonly SnapshotEnvelope[]): Counting {
  const servers = serversWithWhole(input.snapshots)
  const counting = new Set(whole)
  const parts = new Set(
    input.snapshots.filter(one => !counting.has(one)).map(({ snapshotId }) => snapshotId),
  )
  const counts = (held: HeldSnapshot): boolean =>
    !parts.has(held.snapshotId) && !(isPart(held) && servers.has(held.sourceId))
  return {
    ...input,
    drills: drillRecords(
      input.attestations.filter(one => !parts.has(one.snapshotId) && !isDrillOfPart(one, servers)),
      input.snapshots,
    ),
    places: input.places.map(place => ({ ...place, newest: place.newest.filter(counts) })),
  }
}

function datasetStatus(ofServer: readonly SnapshotEnvelope[], input: Counting): DatasetStatus {
  const newest = newestOf(ofServer, input.now)
  if (!newest) throw new Error('a server without snapshots has no status')
  const places = input.places.map(place => ({ place, status: placeStatus(place, ofServer, input) }))
  const counting = places.filter(({ status }) => status.fresh)
  const labels = (found: typeof counting): string =>
    found.map(({ place }) => place.label).join(', ')
  const media = [...new Set(counting.map(({ place }) => place.media ?? UNNAMED))]
  // Nobody has said that it is another one.
  const named = media.filter(medium => medium !== UNNAMED)
  const offsite = counting.filter(({ place }) => place.offsite)
  const offline = counting.filter(({ place }) => place.offline)
  const locks = counting
    .filter(({ place }) => !place.offline)
    .flatMap(({ place }) => lockOf(place, ofServer, input.now))
  const held = locks.filter(({ isHeld }) => isHeld)
  const errors = [
    ...counting.flatMap(({ status }) => status.problems),
    ...drillProblems(ofServer, input),
  ]
  const rules: DatasetStatus['rules'] = [
    {
      rule: '3',
      met: counting.length >= 2,
      detail: `${1 + counting.length} copies: the server${counting.length ? `, ${labels(counting)}` : ''}`,
    },
    { rule: '2', met: named.length >= 2, detail: `media: ${media.join(', ') || 'none'}` },
    { rule: '1 off site', met: offsite.length > 0, detail: labels(offsite) || 'none' },
    {
      rule: '1 offline',
      met: offline.length + held.length > 0,
      detail: offlineDetail(
        offline.map(({ place }) => (place.present ? `${place.label} (here now)` : place.label)),
        locks,
      ),
    },
    { rule: '0', met: errors.length === 0, detail: errors.join('; ') || 'no errors' },
  ]
  return {
    sourceId: newest.sourceId,
    engine: newest.engine,
    serverVersion: newest.serverVersion,
    newestShows: newest.consistentAt,
    places: places.map(({ status }) => status),
    rules,
    met: rules.every(({ met }) => met),
  }
}

function placeStatus(
  place: Place,
  ofServer: readonly SnapshotEnvelope[],
  { snapshots, attestations, objectives, now }: StatusInput,
): PlaceStatus {
  const known = new Set(snapshots.map(({ snapshotId }) => snapshotId))
  const both = ofServer.filter(({ snapshotId }) => place.snapshots.has(snapshotId))
  const held = place.newest.filter(({ sourceId }) => sourceId === ofServer[0]?.sourceId)
  const newest = newestCounting(place, [...both, ...held], attestations, now)
  const maxAgeMs = place.maxAgeMs ?? objectives.rpoMs ?? DEFAULT_RPO_MS
  const ageMs = newest ? now.getTime() - new Date(newest.consistentAt).getTime() : null
  return {
    label: place.label,
    copyId: place.copyId,
    newestShows: newest?.consistentAt ?? null,
    newestExpired: newest !== undefined && !known.has(newest.snapshotId),
    fresh:
      !place.unreachable &&
      ageMs !== null &&
      ageMs <= maxAgeMs &&
      !(newest && hasNotCome(newest.consistentAt, now)),
    expired: [...place.snapshots].filter(id => !known.has(id)).length,
    present: place.present,
    unreachable: place.unreachable ?? false,
    offline: place.offline,
    lastSeenAt: place.lastSeenAt,
    problems: newest ? proofProblems(place, newest, both, { snapshots, attestations, now }) : [],
  }
}

/**
 * In a copy, one that nobody has compared or verified there counts where there is no other: an object of it that
 * other means have brought may be anything.
 */
function newestCounting(
  place: Place,
  held: readonly HeldSnapshot[],
  attestations: readonly Attestation[],
  now: Date,
): HeldSnapshot | undefined {
  const looked = held.filter(
    ({ snapshotId }) =>
      place.compared.has(snapshotId) || aboutHere(place, snapshotId, attestations).length > 0,
  )
  return newestOf(place.copyId === null || looked.length === 0 ? held : looked, now)
}

function aboutHere(
  { copyId }: Place,
  snapshotId: string,
  attestations: readonly Attestation[],
): Attestation[] {
  return attestations.filter(
    one =>
      one.snapshotId === snapshotId && (one.copyId ?? null) === copyId && one.kind !== 'accept',
  )
}

/** Of the newest snapshot in a place: what is wrong with it, or not known to be right. */
function proofProblems(
  place: Place,
  { snapshotId }: HeldSnapshot,
  here: readonly SnapshotEnvelope[],
  { snapshots, attestations, now }: Pick<StatusInput, 'snapshots' | 'attestations' | 'now'>,
): string[] {
  const newest = aboutHere(place, snapshotId, attestations).at(-1)
  if (newest?.outcome === 'failed') return [`${place.label}: the newest ${failureOf(newest)}`]
  if (foundBad(snapshots, attestations, place.copyId).has(snapshotId))
    return [`${place.label}: a file of the newest snapshot was found damaged`]
  if (newest || place.compared.has(snapshotId)) return []
  if (isToBeVerified(place, here, attestations, now)) return []
  return [`${place.label}: the newest snapshot was never verified`]
}

/**
 * Between the nightly backup and the verify behind it nothing is amiss: whoever is told each night does not look any
 * more. What none of them has seen for a day and more was left out by them.
 *
 * @param here the server's snapshots in the place, oldest first
 */
function isToBeVerified(
  place: Place,
  here: readonly SnapshotEnvelope[],
  attestations: readonly Attestation[],
  now: Date,
): boolean {
  const isSeen = ({ snapshotId }: SnapshotEnvelope): boolean =>
    aboutHere(place, snapshotId, attestations).some(({ kind }) => kind === 'verify')
  const last = here.findLastIndex(isSeen)
  const first = here[last + 1]
  return (
    last >= 0 &&
    first !== undefined &&
    now.getTime() - Date.parse(first.completedAt) <= VERIFIED_WITHIN_MS
  )
}

/** The policy that ecomdb brings verifies once a day. */
const VERIFIED_WITHIN_MS = DEFAULT_RPO_MS

const failureOf = (failed: Attestation): string =>
  failedAtMoment(failed) ? `drill failed ${AT_MOMENT}` : `${failed.kind} failed`

const AT_MOMENT = 'at its moment of the log, after the snapshot had come back'

/** A verify proves bytes; only a drill proves that they restore. */
function drillProblems(
  ofServer: readonly SnapshotEnvelope[],
  { drills, objectives, now }: Counting,
): string[] {
  const sourceId = ofServer[0]?.sourceId
  // Its snapshot may have expired since.
  const own = drills.filter(one => one.sourceId === sourceId)
  const newest = decisiveDrill(own)
  if (!newest) return ['never drilled']
  const { at, method, outcome, atMoment } = newest
  if (outcome === 'failed') {
    const failed = `drill failed${atMoment ? ` ${AT_MOMENT}` : ''}`
    return newest === own.at(-1)
      ? [`the newest ${failed} (${at})`]
      : [`a ${method} ${failed} (${at}), and none of that place has passed since`]
  }
  const { drillEveryMs } = objectives
  if (hasNotCome(at, now))
    return [`the newest drill is of ${at}, which has not come: a clock was wrong`]
  const ageMs = now.getTime() - new Date(at).getTime()
  if (drillEveryMs === null || ageMs <= drillEveryMs) return []
  return [`the newest drill is of ${at}`]
}

interface Lock {
  isHeld: boolean
  words: string
}

/** None where the target has no locks. */
function lockOf(place: Place, ofServer: readonly SnapshotEnvelope[], now: Date): Lock[] {
  const both = ofServer.filter(({ snapshotId }) => place.snapshots.has(snapshotId))
  const newest = newestOf(both, now)
  const found = newest ? place.held.get(newest.snapshotId) : undefined
  if (!found) return []
  const { until, files, asked, loose, weaker, shortened } = found
  const some =
    asked < files ? ` (${formatCount(asked)} of its ${formatCount(files)} files asked about)` : ''
  if (until !== null && new Date(until) > now)
    return [{ isHeld: true, words: `${place.label} locked until ${until}${some}` }]
  const what = (count: number): string =>
    `${place.label}: ${formatCount(count)} of ${formatCount(asked)} files of the newest snapshot`
  if (loose > 0 || weaker + shortened === 0)
    return [{ isHeld: false, words: `${what(Math.max(loose, 1))} not locked` }]
  const words =
    shortened > 0
      ? `${what(shortened)} locked for less than it promises: somebody has shortened the locks`
      : `${what(weaker)} locked in governance mode, and compliance is asked for`
  return [{ isHeld: false, words }]
}

/** Where something is held, what is not held elsewhere is no fault. */
function offlineDetail(offline: readonly string[], locks: readonly Lock[]): string {
  const held = locks.filter(({ isHeld }) => isHeld).map(({ words }) => words)
  const safe = [...offline, ...held]
  if (safe.length > 0) return safe.join(', ')
  return ['none offline or immutable', ...locks.map(({ words }) => words)].join('; ')
}

/** Of those that show a moment that has come, where there are any. */
export function newestOf<Shown extends HeldSnapshot>(
  snapshots: readonly Shown[],
  now: Date,
): Shown | undefined {
  const come = snapshots.filter(({ consistentAt }) => !hasNotCome(consistentAt, now))
  return latestOf(come) ?? latestOf(snapshots)
}

function latestOf<Shown extends HeldSnapshot>(snapshots: readonly Shown[]): Shown | undefined {
  return snapshots.reduce<Shown | undefined>(
    (newest, one) => (newest && newest.consistentAt >= one.consistentAt ? newest : one),
    undefined,
  )
}

/**
 * Snapshots of copies that are newer than any that the repository has of their server and databases, and that no
 * tombstone announced: somebody removed its newest ones, or it was put back from an older copy.
 */
export function newerInCopies(
  snapshots: readonly HeldSnapshot[],
  places: readonly Pick<Place, 'label' | 'newest'>[],
  announced: ReadonlySet<string>,
): { snapshotId: string; label: string }[] {
  const explained = new Set([...announced, ...snapshots.map(({ snapshotId }) => snapshotId)])
  const scopes = Map.groupBy(snapshots, scopeOf)
  return places.flatMap(({ label, newest }) =>
    newest
      .filter(held => {
        const here = latestOf(scopes.get(scopeOf(held)) ?? [])
        return !explained.has(held.snapshotId) && (!here || here.consistentAt < held.consistentAt)
      })
      .map(({ snapshotId }) => ({ snapshotId, label })),
  )
}
