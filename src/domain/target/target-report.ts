import type { Exposure } from '../backup/repository-report.ts'
import type { JudgedPromise } from './promises.ts'

// What `ecomdb target check`, `status` and `add` find, for text and --json.

export interface TargetCheckReport {
  target: string
  promises: readonly JudgedPromise[]
  /** Trial files that could not be removed, by name. */
  left: readonly string[]
}

export interface TargetStatusReport {
  target: string
  repositoryId: string
  /** Of everything under a name of the repository. */
  files: number
  bytes: number
  space: { freeBytes: number; totalBytes: number } | null
  snapshots: number
  newest: { snapshotId: string; consistentAt: string; lockUntil: string | null } | null
  /** null: this account may not ask. */
  keepsVersions: boolean | null
  lock: { mode: 'governance' | 'compliance'; days: number } | null
  /** Uploads and files that killed runs have begun. */
  leftovers: readonly { name: string; startedAt: string }[]
  /** Laid over, hidden, or not locked as promised. */
  exposed: readonly Exposure[]
  /** Snapshots that are not believed. */
  refused: readonly string[]
  findings: readonly string[]
}

export interface AddedTarget {
  configFile: string
  target: string
  /** null: the repository's own place; else the name of a copy. */
  name: string | null
  dryRun: boolean
  /** The lines as they stand in the file now. */
  lines: string
}
