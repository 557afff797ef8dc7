import type { EngineFamily } from '../engine-family.ts'
import type { DrillRecord } from './drill-record.ts'

/** What somebody has to know who has nothing left but this page and a copy. */
export interface RunbookFacts {
  /** ISO 8601, UTC. */
  at: string
  tool: string
  repositoryId: string
  database: string
  engine: EngineFamily
  serverVersion: string
  /** The newest snapshot now; it will be another one on the day. */
  newest: { snapshotId: string; consistentAt: string; rows: number; storedBytes: number }
  /** How many rows and how long it took, as was proved. */
  proven: DrillRecord | null
  objectives: { rpoMs: number | null; rtoMs: number | null }
  /** Where the repository and its copies are: first the repository. */
  places: RunbookPlace[]
  /** Any one of them opens the newest snapshot. */
  recipients: readonly string[]
  /** Of earlier snapshots and of the binary log, where the keys have changed since. */
  earlierRecipients: readonly string[]
  trustedSigners: readonly string[]
  /** Can any moment be restored, and up to when? ISO 8601. */
  restorableUntil: string | null
}

export interface RunbookPlace {
  label: string
  /** As --from takes it; null: a disk that another host copies to, known by its label alone. */
  where: string | null
  media: string | null
  offsite: boolean
  offline: boolean
}
