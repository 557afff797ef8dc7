import type { Config } from '#config/config'
import type { Clock } from '#core/clock'
import type { Attestation } from '#domain/backup/attestation'
import type { StatusReport } from '#domain/copy/status-report'
import {
  type DatasetStatus,
  newerInCopies,
  type Place,
  threeTwoOne,
} from '#domain/copy/three-two-one'
import type { RecoveryPolicy } from '#domain/retention/recovery-policy'
import { vanishedSnapshots } from '#domain/retention/vanished'
import { refusedAbout } from '#repository/refused-attestations'
import { openRepository, type Repository } from '#repository/repository'
import { ownCopyRecord } from '#repository/signed-records'
import type { Target } from '#target/target'
import { refusal } from '../backup/list-snapshots.ts'
import { announcedIn, tracesOfCopy, vanishedNow } from '../expire/vanished-now.ts'
import { knownCopies, type OpenCopy, repositoryPlace } from './known-places.ts'

export interface StatusOptions {
  source: Target
  config: Config
  policy: RecoveryPolicy
  openCopy: OpenCopy
  clock: Clock
}

/**
 * `ecomdb backup status`: does what there is keep to 3-2-1-1-0? Reads signed files only; what
 * media a place is on, and where it is kept, is the operator's word.
 */
export async function backupStatus(options: StatusOptions): Promise<StatusReport> {
  const { source, config, policy, clock, openCopy } = options
  const now = clock.now()
  const repository = await openRepository(source)
  const { trustedSigners } = config.keys
  const listed = await repository.listSnapshots(trustedSigners)
  const attested = await repository.listAttestations(trustedSigners)
  const doubted = refusedAbout(attested, listed)
  const copyId = await repository.copyId()
  const copies = await knownCopies(source, repository, config, openCopy, now)
  const ids = listed.snapshots.map(({ snapshotId }) => snapshotId)
  const places = [
    await repositoryPlace(source, repository, listed.snapshots, config, now),
    ...copies.places.map(place => without(place, listed.refused)),
  ]
  const attestations = [...attested.attestations, ...copies.attestations].sort((a, b) =>
    a.attestationId < b.attestationId ? -1 : 1,
  )
  const { objectives } = policy
  const all = threeTwoOne({
    snapshots: listed.snapshots,
    attestations: attestations.map(one => asOfRepository(one, repository, copyId)),
    places,
    objectives,
    now,
  })
  const isFormer = ({ sourceId }: DatasetStatus): boolean =>
    policy.brake.formerServers.includes(sourceId)
  const datasets = all.filter(one => !isFormer(one))
  const former = all
    .filter(isFormer)
    .map(({ sourceId, engine, newestShows }) => ({ sourceId, engine, newestShows }))
  const stale = staleCopies(config, places, datasets)
  const announced = await announcedIn(source, repository, trustedSigners)
  const awayNow = (snapshotIds: readonly string[]) =>
    vanishedNow(source, repository, trustedSigners, snapshotIds)
  const newer = newerInCopies(listed.snapshots, places, announced)
  const lost = await awayNow(newer.map(one => one.snapshotId))
  const ahead = newer.filter(({ snapshotId }) => lost.includes(snapshotId))
  const explained = [...ids, ...listed.refused.map(one => one.snapshotId), ...announced]
  // Of the repository's own copies `ahead` tells.
  const trust = { repositoryId: repository.id, trustedSigners }
  const record = await ownCopyRecord(source, trust, copyId)
  const records = record ? [record] : []
  const ofCopy = await tracesOfCopy(source, repository, trustedSigners, listed.snapshots)
  const vanished = await awayNow(
    vanishedSnapshots(
      { ...{ copyId, snapshots: listed.snapshots, ...ofCopy }, ...attested, records },
      new Set([...explained, ...ahead.map(one => one.snapshotId)]),
    ),
  )
  const refused = [
    ...listed.refused.map(one => refusal(`snapshot ${one.snapshotId}`, one.error)),
    ...[...doubted, ...copies.refused].map(one => refusal(one.name, one.error)),
  ]
  const findings = stale.length + vanished.length + ahead.length + refused.length
  return {
    ...{ repositoryId: repository.id, target: repository.label, at: now.toISOString() },
    met: findings === 0 && datasets.length > 0 && datasets.every(({ met }) => met),
    ...{ datasets, former },
    places: places.map(({ label, name, copyId, directory, offline, present, ...more }) => ({
      ...{ label, name, copyId, directory, offline, present, lastSeenAt: more.lastSeenAt },
      ...{ unreachable: more.unreachable ?? false, snapshots: more.snapshots.size },
    })),
    ...{ stale, vanished, ahead, refused },
  }
}

/**
 * Where backups go to what was a copy, that is the repository, and what was attested of the one before it
 * is about another place.
 *
 * @param copyId of the place that backups go to
 */
function asOfRepository(
  attestation: Attestation,
  { id }: Repository,
  copyId: string | null,
): Attestation {
  if (copyId === null) return attestation
  const about = attestation.copyId ?? null
  return { ...attestation, copyId: about === copyId ? null : (about ?? id) }
}

/** What a record says of a snapshot is not believed where its envelope is not. */
function without(place: Place, refused: readonly { snapshotId: string }[]): Place {
  const ids = new Set(refused.map(({ snapshotId }) => snapshotId))
  return { ...place, newest: place.newest.filter(({ snapshotId }) => !ids.has(snapshotId)) }
}

/** A copy of the configuration is fresh when any of its disks is, for every server. */
function staleCopies(
  { copies }: Config,
  places: readonly Place[],
  datasets: readonly DatasetStatus[],
): StatusReport['stale'] {
  return copies.flatMap(({ name }) => {
    const disks = places.filter(place => place.name === name)
    if (disks.length === 0) return [{ name, why: 'it was never copied to' }]
    // Told by itself.
    if (disks.some(({ unreachable }) => unreachable)) return []
    const ids = new Set(disks.map(({ copyId }) => copyId))
    const old = datasets.find(({ places: states }) =>
      states.filter(({ copyId }) => ids.has(copyId)).every(({ fresh }) => !fresh),
    )
    if (!old) return []
    const shows = old.places.filter(({ copyId }) => ids.has(copyId)).map(one => one.newestShows)
    const newest = shows
      .filter(moment => moment !== null)
      .sort()
      .at(-1)
    const expired = old.places.some(one => ids.has(one.copyId) && one.expired > 0)
    const none = expired
      ? 'what it has of a server has expired here'
      : 'it has no snapshot of a server'
    const why = newest ? `its newest snapshot shows ${newest}` : none
    return [{ name, why }]
  })
}
