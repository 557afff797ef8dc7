import type { Progress } from '#core/progress'
import type { Check } from '#domain/backup/check'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import { onOtherServers } from '#domain/backup/other-servers'
import { samePosition } from '#domain/backup/position'
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
  for (const candidate of await nearestLogical(access, envelope)) {
    const rows = await access.repository.readManifest(candidate, access.identities)
    if (!samePosition(rows.position, manifest.position)) continue
    // Of before such tables were refused; a drill has left them out.
    if (onOtherServers(rows.tables).length > 0) continue
    const databases = rows.databases.map(({ name }) => name)
    const changes = {
      databases,
      eventsDisabled: false,
      dataFiles: true,
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
    return checks.map(check => fromRows(check, candidate))
  }
  return [
    unchecked(
      'no logical snapshot is of the same position: the rows were read, and not compared with the source',
    ),
  ]
}

async function nearestLogical(
  { repository, trustedSigners }: SnapshotAccess,
  { sourceId, consistentAt }: SnapshotEnvelope,
): Promise<SnapshotEnvelope[]> {
  const { snapshots } = await repository.listSnapshots(trustedSigners)
  const distance = (one: SnapshotEnvelope): number =>
    Math.abs(Date.parse(one.consistentAt) - Date.parse(consistentAt))
  return snapshots
    .filter(one => one.method === 'logical' && one.sourceId === sourceId)
    .toSorted((a, b) => distance(a) - distance(b))
    .slice(0, SNAPSHOTS_TO_TRY)
}

function fromRows(check: Check, { snapshotId }: SnapshotEnvelope): Check {
  return check.name === 'content'
    ? { ...check, summary: `${check.summary}, as in logical snapshot ${snapshotId}` }
    : check
}

function unchecked(summary: string): Check {
  return { name: 'content', outcome: 'unchecked', summary, differences: [] }
}
