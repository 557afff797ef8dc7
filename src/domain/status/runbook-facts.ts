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
  places: {
    label: string
    where: string
    media: string | null
    offsite: boolean
    offline: boolean
  }[]
  recipients: readonly string[]
  trustedSigners: readonly string[]
  /** Can any moment be restored, and up to when? ISO 8601. */
  restorableUntil: string | null
}
