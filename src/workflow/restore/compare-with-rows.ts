import { EcomdbError, type ErrorCode, messageOf } from '#core/errors'
import type { Progress } from '#core/progress'
import { countOf } from '#core/units'
import type { Check } from '#domain/backup/check'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import type { Manifest } from '#domain/backup/manifest'
import { namedTables } from '#domain/backup/manifest-inside'
import { onOtherServers } from '#domain/backup/other-servers'
import { type Position, samePosition } from '#domain/backup/position'
import type { Engine } from '#engine/engine'
import type { ConnectOptions } from '#engine/session'
import type { PhysicalLayer } from './open-physical.ts'
import type { SnapshotAccess } from './open-snapshot.ts'
import { proveContent } from './prove-content.ts'

/** Logical snapshots whose manifests are looked at, those nearest in time first. */
const SNAPSHOTS_TO_TRY = 4

/**
 * Compares a server that was started on restored files with the hashes of a logical snapshot
 * of the same server at the same position. Without one nothing is compared, and the check says so.
 */
export async function compareWithRows(
  access: SnapshotAccess,
  { envelope, manifest }: PhysicalLayer,
  { engine, connect, readers }: { engine: Engine; connect: ConnectOptions; readers: number },
  progress: Progress,
): Promise<Check[]> {
  if (manifest.position.file === null) {
    return [unchecked('the source has no binary log, so no position tells which rows it had')]
  }
  const { nearest, unread } = await nearestLogical(access, envelope, manifest.position)
  for (const candidate of nearest) {
    const rows = await manifestOf(access, candidate, unread)
    if (rows === null || !samePosition(rows.position, manifest.position)) continue
    // Of before such tables were refused; a drill has left them out.
    if (onOtherServers(rows.tables).length > 0) continue
    const databases = rows.databases.map(({ name }) => name)
    const { rowsAreInFiles } = engine.physicalBackups
    const notInFiles = rows.tables.filter(({ storageEngine }) => !rowsAreInFiles(storageEngine))
    const changes = {
      databases,
      eventsDisabled: false,
      dataFiles: true,
      notInFiles,
      accounts: false,
      locked: [],
      kept: [],
      unknownPrivileges: [],
      refusedGrants: [],
    }
    const checks = await proveContent(
      { engine, connect, manifest: rows, readers, changes },
      progress,
    )
    return [...checks.map(check => fromRows(check, candidate)), ...notInFilesCheck(notInFiles)]
  }
  const why =
    unread.length === 0 ? 'no logical snapshot is of the same position' : unread.join('; ')
  return [unchecked(`${why}: the rows were read, and not compared with the source`)]
}

/** What is wrong with another snapshot, or with where it lies, says nothing of these files. */
const OF_ANOTHER: readonly ErrorCode[] = [
  ...(['OBJECT_DAMAGED', 'WRONG_IDENTITY', 'SIGNATURE_INVALID', 'SNAPSHOT_NOT_FOUND'] as const),
  ...(['REPOSITORY_VERSION', 'STORAGE_FAILED', 'TARGET_UNAVAILABLE'] as const),
]

/**
 * @param unread is told why something cannot be read
 * @returns null for that
 */
async function unlessUnread<Result>(
  reading: Promise<Result>,
  what: string,
  unread: string[],
): Promise<Result | null> {
  try {
    return await reading
  } catch (error) {
    if (!(error instanceof EcomdbError) || !OF_ANOTHER.includes(error.code)) throw error
    unread.push(`${what} cannot be read (${messageOf(error)})`)
    return null
  }
}

async function manifestOf(
  { repository, identities }: SnapshotAccess,
  candidate: SnapshotEnvelope,
  unread: string[],
): Promise<Manifest | null> {
  const what = `logical snapshot ${candidate.snapshotId}`
  return await unlessUnread(repository.readManifest(candidate, identities), what, unread)
}

async function nearestLogical(
  { repository, trustedSigners }: SnapshotAccess,
  { sourceId, consistentAt }: SnapshotEnvelope,
  position: Position,
): Promise<{ nearest: SnapshotEnvelope[]; unread: string[] }> {
  const unread: string[] = []
  const listed = repository.listSnapshots(trustedSigners)
  const { snapshots = [] } = (await unlessUnread(listed, 'the list of snapshots', unread)) ?? {}
  const distance = (one: SnapshotEnvelope): number =>
    Math.abs(Date.parse(one.consistentAt) - Date.parse(consistentAt))
  const nearest = snapshots
    .filter(one => one.method === 'logical' && one.sourceId === sourceId)
    // Older envelopes do not have it, and their manifests are read for it.
    .filter(one => !one.position || samePosition(one.position, position))
    .toSorted((a, b) => distance(a) - distance(b))
    .slice(0, SNAPSHOTS_TO_TRY)
  return { nearest, unread }
}

/** `backup physical` has named them: a server that is started on the files has them empty, or not at all. */
function notInFilesCheck(tables: Manifest['tables']): Check[] {
  if (tables.length === 0) return []
  const named = tables.map(({ schema, name, storageEngine: place }) => ({ schema, name, place }))
  const summary = `the rows of ${countOf(tables.length, 'table')} are in no data file, and were not compared: ${namedTables(named)}`
  return [{ name: 'not-in-files', outcome: 'unchecked', summary, differences: [] }]
}

function fromRows(check: Check, { snapshotId }: SnapshotEnvelope): Check {
  return check.name === 'content'
    ? { ...check, summary: `${check.summary}, as in logical snapshot ${snapshotId}` }
    : check
}

function unchecked(summary: string): Check {
  return { name: 'content', outcome: 'unchecked', summary, differences: [] }
}
