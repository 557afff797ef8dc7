/** An announcement is acted upon within this time after its wait; later it takes a new one. */
export const FORCE_MS = 14 * 86_400_000

/** The signed notice that snapshots will be removed from one place (docs/formats.md). */
export interface Tombstone {
  format: 1
  repositoryId: string
  /** UUIDv7. */
  tombstoneId: string
  /** The copy that it is about; null: the repository that backups go to. */
  copyId: string | null
  tool: string
  /** ISO 8601, UTC. */
  at: string
  /** Not before. */
  removeAfter: string
  /** Not after, without a new one. */
  lapsesAt: string
  snapshots: readonly { snapshotId: string; envelopeSha256: string; reasons: readonly string[] }[]
  /** Files that no envelope names: what backups left that were cut off. */
  objects: readonly string[]
}

/** Does it still announce anything? What was announced long ago has to be announced again. */
export function isInForce({ lapsesAt }: Tombstone, now: Date): boolean {
  return new Date(lapsesAt) > now
}

/** May what it names be removed now? */
export function isDue(tombstone: Tombstone, now: Date): boolean {
  return isInForce(tombstone, now) && new Date(tombstone.removeAfter) <= now
}

/** A backup that began: signed, put before it looks at what is stored. */
export interface StartedBackup {
  format: 1
  repositoryId: string
  snapshotId: string
  sourceId: string
  /** ISO 8601, UTC. */
  startedAt: string
  tool: string
}

/** A backup that has ended without a snapshot: signed, put by it, or by the next on its host. */
export interface EndedBackup {
  format: 1
  repositoryId: string
  snapshotId: string
  /** ISO 8601, UTC. */
  endedAt: string
  tool: string
}
