import type { Config, CopyConfig } from '#config/config'
import { EcomdbError } from '#core/errors'
import type { Attestation } from '#domain/backup/attestation'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import type { CopyRecord } from '#domain/copy/copy-record'
import { newestOfEach } from '#domain/copy/plan-copy'
import type { Place } from '#domain/copy/three-two-one'
import { readCopyMarker } from '#repository/copy-marker'
import { openRepository, type Repository } from '#repository/repository'
import { newestCopyRecords, type RefusedFile } from '#repository/signed-records'
import type { Target } from '#target/target'
import { madeHere } from '../backup/made-here.ts'
import { type CopyNote, readCopyNotes } from '../copy/copy-notes.ts'
import { hasRecord, notTheLast } from '../copy/last-visit.ts'
import { openCopy } from '../copy/open-copy.ts'
import { heldNewest } from './held-newest.ts'

export interface KnownPlaces {
  places: Place[]
  /** Made in copies that are here now, and not brought home yet. */
  attestations: Attestation[]
  refused: RefusedFile[]
}

/** The place of a configured copy, by its name. */
export type OpenCopy = (name: string) => Promise<Target>

/**
 * Every copy that the repository's signed records, this host's notes and the configuration
 * know of; those that are here now are looked into.
 */
export async function knownCopies(
  source: Target,
  repository: Repository,
  { copies, keys }: Config,
  openPlace: OpenCopy,
  now: Date,
): Promise<KnownPlaces> {
  const trust = { repositoryId: repository.id, trustedSigners: keys.trustedSigners }
  const { records, refused } = await newestCopyRecords(source, trust)
  const notes = await readCopyNotes(repository.id)
  const places = writtenDown(records, [...notes.values()], copies)
  // Backups go to what was a copy, as where the first repository is lost: it is one place, and none beside itself.
  const own = await repository.copyId()
  const attestations: Attestation[] = []
  const unreachable = new Set<string | null>()
  /** By name, the id of what is there now. */
  const there = new Map<string | null, string | null>()
  for (const copy of copies) {
    const comparedIn = (copyId: string) => places.get(copyId)?.compared ?? new Set<string>()
    const known = { records, comparedIn }
    const here = await lookInto(copy, repository, keys.trustedSigners, openPlace, known, now)
    if (!here) continue
    if ('error' in here) {
      refused.push(here)
      // Of a name that several disks share, the others are away.
      if (isNeverAway(copy)) unreachable.add(copy.name)
      continue
    }
    if (isNeverAway(copy)) there.set(copy.name, here.place.copyId)
    if (here.place.copyId === own) continue
    refused.push(...here.refused)
    places.set(here.place.copyId ?? '', here.place)
    attestations.push(...here.attestations)
  }
  if (own !== null) places.delete(own)
  // Another was in its place before: of what is never away only what is there now is known to be.
  for (const [copyId, { name }] of places) {
    if (there.has(name) && there.get(name) !== copyId) places.delete(copyId)
  }
  // Ids are random; a person looks for labels.
  const sorted = lastOfEachLabel([...places.values()])
    .map(place => (unreachable.has(place.name) ? { ...place, unreachable: true } : place))
    .sort((a, b) => (a.label < b.label ? -1 : 1))
  return { places: sorted, attestations, refused }
}

/** What the newest record or note of each copy says of it, by its id. */
function writtenDown(
  records: readonly CopyRecord[],
  notes: readonly CopyNote[],
  copies: Config['copies'],
): Map<string, Place> {
  const places = new Map<string, Place>()
  const known = [
    ...records.map(one => ({
      ...one,
      lastSeenAt: one.at,
      directory: null,
      ids: one.snapshots.map(({ snapshotId }) => snapshotId),
    })),
    ...notes.map(one => ({ ...one, ids: one.snapshots })),
  ]
  for (const one of known) {
    const { copyId, label, name, directory, lastSeenAt, ids, newest = [] } = one
    const before = places.get(copyId)
    if (before && (before.lastSeenAt ?? '') > lastSeenAt) continue
    const configured = copies.find(copy => copy.name === name)
    // Where it is kept is somebody's word: today's, and not that of the day when it was copied to.
    const { media, offsite, offline } = configured ?? one
    places.set(copyId, {
      ...{ copyId, label, name, directory, media, offsite, offline },
      ...{ lastSeenAt, present: false, held: new Map() },
      maxAgeMs: configured?.maxAgeMs ?? DEFAULT_MAX_AGE_MS,
      snapshots: new Set(ids),
      newest,
      // The newest may be one that the repository has no more.
      compared: new Set([...ids, ...newest.map(({ snapshotId }) => snapshotId)]),
    })
  }
  return places
}

/**
 * A label is written on one disk. One that was formatted and prepared anew has another id, and what was written
 * down of it before does not count beside it.
 */
function lastOfEachLabel(places: readonly Place[]): Place[] {
  const groups = Map.groupBy(places, ({ label }) => label)
  return [...groups.values()].map(([first, ...others]) =>
    others.reduce((last, one) => (isLater(one, last) ? one : last), first as Place),
  )
}

function isLater(one: Place, other: Place): boolean {
  if (one.present !== other.present) return one.present
  return (one.lastSeenAt ?? '') > (other.lastSeenAt ?? '')
}

/** Of a copy that the configuration does not know any more. */
const DEFAULT_MAX_AGE_MS = 8 * 86_400_000

interface LookedInto {
  place: Place
  attestations: readonly Attestation[]
  /** Envelopes that are not believed: of what may be restored from there, nobody else tells. */
  refused: readonly RefusedFile[]
}

/**
 * A configured copy, when its disk is here; or what keeps it from being read.
 *
 * @param known `comparedIn` gives the ids of the snapshots that the last record or note of a copy calls whole
 */
async function lookInto(
  copy: CopyConfig,
  { id }: Repository,
  trustedSigners: readonly string[],
  openPlace: OpenCopy,
  known: {
    records: readonly CopyRecord[]
    comparedIn: (copyId: string) => ReadonlySet<string>
  },
  now: Date,
): Promise<LookedInto | RefusedFile | null> {
  try {
    const target = await openPlace(copy.name)
    const marker = await readCopyMarker(target)
    // The disk of something else is in its place.
    if (marker && marker.repositoryId !== id && !isNeverAway(copy)) return null
    const { copyId, label } = await openCopy(target, id)
    const record = known.records.find(one => one.copyId === copyId)
    if (record && !(await hasRecord(target, record))) throw notTheLast(target, label, record)
    const repository = await openRepository(target)
    const { snapshots, refused } = await repository.listSnapshots(trustedSigners)
    const { attestations } = await repository.listAttestations(trustedSigners)
    const { name, media, offsite, offline, maxAgeMs } = copy
    const place: Place = {
      ...{ copyId, label, name, directory: target.label },
      ...{ media, offsite, offline, maxAgeMs },
      ...{ present: true, lastSeenAt: now.toISOString() },
      // What other means have brought nobody has compared, before it is copied to.
      compared: known.comparedIn(copyId),
      snapshots: new Set(snapshots.map(({ snapshotId }) => snapshotId)),
      newest: newestOfEach(snapshots),
      held: await heldNewest(target, snapshots, now, new Set()),
    }
    const ofCopy = refused.map(({ snapshotId, error }) => {
      return { name: `snapshot ${snapshotId} in copy ${name} (${label})`, error }
    })
    return { place, attestations, refused: ofCopy }
  } catch (error) {
    if (!(error instanceof EcomdbError)) throw error
    // What an unmounted disk looks like.
    if (error.code === 'TARGET_UNAVAILABLE' && !isNeverAway(copy)) return null
    if (UNREACHABLE.has(error.code))
      return { name: `copy ${copy.name}`, error: withAway(copy, error) }
    if (UNUSABLE.has(error.code)) return { name: `copy ${copy.name}`, error }
    throw error
  }
}

/** A bucket is never away, nor is a directory of which nobody has said that its disk is taken away. */
const isNeverAway = ({ place, offline }: CopyConfig): boolean => place.s3 !== undefined || !offline

function withAway({ place, name }: CopyConfig, error: EcomdbError): EcomdbError {
  if (place.s3 || error.code === 'TARGET_SILENT') return error
  return new EcomdbError(error.code, {
    what: error.what,
    why: `${error.why ?? error.what}; where its disk is taken away between copies, \`offline: true\` of ${name} in ecomdb.yaml says so`,
    hints: error.hints,
    cause: error,
  })
}

/** It is here, and its marker or its repository's own file is damaged or gone: nothing is restored from it. */
const UNUSABLE: ReadonlySet<string> = new Set(['REPOSITORY_NOT_FOUND', 'REPOSITORY_VERSION'])

/** It is gone, or does not answer, or not to this account. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  ...[
    'TARGET_UNAVAILABLE',
    'TARGET_SILENT',
    'STORAGE_FAILED',
    'AUTHENTICATION_REFUSED',
    'SECRET_MISSING',
  ],
])

/** The repository itself as a place; what its target holds is asked of the target. */
export async function repositoryPlace(
  source: Target,
  repository: Repository,
  snapshots: readonly SnapshotEnvelope[],
  { target: { media, offsite }, keys: { trustedSigners } }: Config,
  now: Date,
): Promise<Place> {
  const trust = { trustedSigners, isTarget: true }
  const promising = await madeHere(source, repository, snapshots, trust)
  const ids = new Set(promising.map(({ snapshotId }) => snapshotId))
  const held = await heldNewest(source, snapshots, now, ids)
  return {
    ...{ copyId: null, label: 'repository', name: null, directory: source.label },
    ...{ media, offsite, offline: false, held, present: true, lastSeenAt: null },
    ...{ maxAgeMs: null, newest: [] },
    snapshots: new Set(snapshots.map(({ snapshotId }) => snapshotId)),
    compared: new Set(),
  }
}
