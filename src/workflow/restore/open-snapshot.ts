import { EcomdbError } from '#core/errors'
import type { Progress } from '#core/progress'
import type { Secret } from '#core/secret'
import type { SnapshotEnvelope, StoredObject } from '#domain/backup/envelope'
import type { Manifest } from '#domain/backup/manifest'
import { inProgramsZone } from '#domain/backup/zone-of-source'
import type { Repository } from '#repository/repository'

/** A snapshot whose signature, hashes and identity were found right. */
export interface OpenedSnapshot {
  envelope: SnapshotEnvelope
  manifest: Manifest
  /** By path: what the signed envelope says of each object. */
  objects: ReadonlyMap<string, StoredObject>
}

/** What it takes to open a snapshot. */
export interface SnapshotAccess {
  repository: Repository
  trustedSigners: readonly string[]
  identities: readonly Secret[]
  /** Which programs set for their sessions, as the configuration says; undefined: the server's own. */
  programsZone?: string | undefined
  /** Of a copy: opens the repository, which may know of people who have left since the last copy. */
  copiedFrom?: (() => Promise<Repository>) | undefined
}

/**
 * @param name a snapshot id, an unambiguous beginning of one, or 'latest' for the newest with rows
 * @throws EcomdbError SNAPSHOT_NOT_FOUND, SIGNATURE_INVALID, WRONG_IDENTITY, OBJECT_DAMAGED
 */
export async function openSnapshot(
  access: SnapshotAccess,
  name: string,
  progress: Progress,
): Promise<OpenedSnapshot> {
  const envelope = await access.repository.readEnvelope(name, access.trustedSigners, 'logical')
  if (name === 'latest') await warnOfOthers(access, envelope, progress)
  if (envelope.method === 'physical') throw hasNoRows(envelope)
  const stored = await access.repository.readManifest(envelope, access.identities)
  const manifest = inProgramsZone(stored, access.programsZone)
  for (const finding of manifest.findings ?? []) progress.warn(`as of the backup: ${finding}`)
  const objects = new Map(envelope.objects.map(object => [object.path, object]))
  return { envelope, manifest, objects }
}

function hasNoRows({ snapshotId }: SnapshotEnvelope): EcomdbError {
  return new EcomdbError('UNSUPPORTED', {
    what: `${snapshotId} is a physical snapshot: it has data files, and no rows to load`,
    hints: ['restore it into an empty directory: --data-dir FOLDER'],
  })
}

/**
 * Two servers may share a repository, and the latest snapshot may be the other one's; and rows are
 * not restored from data files, nor these from rows, even where they show a later moment.
 */
export async function warnOfOthers(
  { repository, trustedSigners }: SnapshotAccess,
  { snapshotId, sourceId, method }: SnapshotEnvelope,
  progress: Progress,
): Promise<void> {
  const { snapshots } = await repository.listSnapshots(trustedSigners)
  const newest = snapshots.findLast(one => one.sourceId === sourceId)
  if (newest && newest.method !== method) {
    const way = method === 'logical' ? 'with --data-dir only' : 'without --data-dir only'
    progress.warn(
      `the latest ${method} snapshot is taken, ${snapshotId}; a ${newest.method} one is newer, ${newest.snapshotId}, which shows ${newest.consistentAt} and is restored ${way}`,
    )
  }
  const part = snapshots.findLast(one => one.sourceId === sourceId && one.method === method)
  if (part && part.snapshotId > snapshotId && (part.scope ?? null) !== null) {
    progress.warn(
      `the latest snapshot of all databases is taken, ${snapshotId}; a newer one of some databases only, ${part.snapshotId}, shows ${part.consistentAt}: for that give its id`,
    )
  }
  const sources = new Set(snapshots.map(one => one.sourceId))
  if (sources.size < 2) return
  progress.warn(
    `this repository has snapshots of ${sources.size} servers; the latest, ${snapshotId}, is of server ${sourceId}: for another one give its id, \`ecomdb backup list\` has them`,
  )
}

/** The signed entry of an object that the manifest names. */
export function storedObject(snapshot: OpenedSnapshot, path: string): StoredObject {
  const stored = snapshot.objects.get(path)
  if (stored) return stored
  throw new EcomdbError('OBJECT_DAMAGED', {
    what: `the manifest of ${snapshot.envelope.snapshotId} names an object that its envelope does not`,
    why: path,
    hints: ['run `ecomdb backup verify`, and restore another snapshot'],
  })
}
