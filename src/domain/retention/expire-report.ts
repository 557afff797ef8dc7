import type { Refused } from '../backup/repository-report.ts'
import type { Anomaly } from './anomalies.ts'
import type { Period } from './recovery-policy.ts'

/** What `ecomdb backup expire` decided and did, for text and --json. */
export interface ExpireReport {
  repositoryId: string
  target: string
  /** The copy that this is, or null. */
  copyId: string | null
  /** The file that says what is kept. */
  policy: string
  dryRun: boolean
  /** Oldest first. */
  snapshots: ExpiredSnapshot[]
  /** While there is one, nothing is removed. */
  anomalies: Anomaly[]
  /** Envelopes, attestations and tombstones that are not believed; then nothing is removed. */
  refused: Refused[]
  /** Files that no envelope names, left by backups that were cut off. */
  leftovers: { files: number; bytes: number }
  /** The archived log that no snapshot which stays leads through. */
  log: ExpiredLog[]
  /** Of the tombstone that this run wrote. */
  tombstoneId: string | null
  /** When what it names may be removed; ISO 8601, UTC. */
  removeAfter: string | null
  /** held: files that stay for now, since a lock of the target holds them. */
  removed: { snapshots: number; files: number; bytes: number; held: number }
  /** Files that the target did not let be removed, and why; the next run tries again. */
  notRemoved: readonly { name: string; problem: string }[]
  /** What was locked for longer, since the policy keeps it for longer. */
  locked: {
    snapshots: number
    files: number
    /** Of the archived log. */
    segments: number
  }
}

export interface ExpiredSnapshot {
  snapshotId: string
  sourceId: string
  method: string
  /** ISO 8601, UTC. */
  consistentAt: string
  proof: 'drilled' | 'verified' | 'failed' | 'unproven'
  action: 'keep' | 'remove'
  reasons: string[]
  classes: Period[]
  /** When a tombstone lets it be removed, or null. */
  removeAfter: string | null
  /** This run removed it. */
  removed: boolean
}

/** The beginning of an unbroken run of the archived log. */
export interface ExpiredLog {
  sourceId: string
  stretchId: string
  /** How many segments of it are not needed, and the bytes of their files. */
  segments: number
  bytes: number
  /** ISO 8601: the last moment in it; null where nothing had happened. */
  until: string | null
  /** When what is not needed now may be removed, or null: not announced yet. */
  removeAfter: string | null
  /** Segments that this run removed. */
  removed: number
}
