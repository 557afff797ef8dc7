/**
 * What a copy held when it was last brought up to date: signed, and stored in the repository
 * that was copied from, as copies/<copy id>/<record id>.json (docs/formats.md).
 */
export interface CopyRecord extends CopyPlace {
  format: 1
  repositoryId: string
  /** UUIDv7. */
  recordId: string
  copyId: string
  /** Of the copy's marker: what is written on the disk. */
  label: string
  /** ISO 8601, UTC. */
  at: string
  tool: string
  /** Where the bytes came from that were compared, or null when nothing had to be written. */
  readBack: 'medium' | 'cache' | null
  /** Every snapshot that the copy had whole. */
  snapshots: readonly { snapshotId: string; envelopeSha256: string }[]
  incomplete: readonly { snapshotId: string; problem: string }[]
  /** Of each server, and of each choice of its databases; the repository may remove them before the copy does. Earlier versions had none. */
  newest?: readonly HeldSnapshot[]
  /** It was put into the copy, too, and is the last there. Missing where it could not be, or an earlier version wrote it. */
  inCopy?: true
}

/** The newest snapshot in a copy of one server, and of all its databases or the same choice of them. */
export interface HeldSnapshot {
  sourceId: string
  snapshotId: string
  /** ISO 8601, UTC. */
  consistentAt: string
  /** As in its envelope. Earlier versions had none: there it may be of some databases. */
  scope?: string | null
}

/** Of two with the same, the newer one has all that the other one has. */
export function scopeOf({ sourceId, scope }: Pick<HeldSnapshot, 'sourceId' | 'scope'>): string {
  return `${sourceId} ${scope ?? 'all'}`
}

/** What the operator said of the place, in ecomdb.yaml. */
export interface CopyPlace {
  /** Of the configuration; null: the folder was given on the command line. */
  name: string | null
  media: string | null
  offsite: boolean
  offline: boolean
}
