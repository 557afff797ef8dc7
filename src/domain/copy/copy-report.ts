import type { Refused } from '../backup/repository-report.ts'

/** What `ecomdb backup copy` did, for text and --json. */
export interface CopyReport {
  repositoryId: string
  /** Where it was copied from. */
  source: string
  copy: { copyId: string; label: string; name: string | null; directory: string }
  outcome: 'passed' | 'failed'
  /** Not all is whole in the copy, and the next copy may bring it: no damage, somebody removed it meanwhile. */
  again: boolean
  /** Snapshots that the copy has whole now. */
  snapshots: number
  /** Those that this run brought, newest first. */
  copied: string[]
  /** Those that were there, with objects that were missing or damaged in the copy. */
  healed: string[]
  /** Those that are not whole in the copy, since they are damaged in the source, or in a copy that keeps the damage. */
  incomplete: { snapshotId: string; problem: string }[]
  /** Segments of the binary log whose bytes are missing or damaged in the source, and not in the copy, or damaged there for good. */
  damagedLog: { name: string; problem: string }[]
  /** Those that expire has removed, or is going to. */
  skipped: string[]
  /** Envelopes that are not believed, in the source or in the copy. */
  refused: Refused[]
  /** Files and bytes that were written, attestations and records not counted. */
  files: number
  bytes: number
  /** null when nothing had to be written. */
  readBack: 'medium' | 'cache' | null
  /** ISO 8601, UTC: the moment that the newest snapshot in the copy shows. */
  newestShows: string | null
  /** When this copy was seen the last time before, or null. */
  lastSeenAt: string | null
  /** Of the signed record in the source; null without a signing key, or where it was refused. */
  recordId: string | null
  /** Why a record that this host could sign is not in the source; null when it is, or cannot be. */
  recordProblem: string | null
  ejected: boolean
}

export interface PreparedCopy {
  copyId: string
  label: string
  directory: string
  repositoryId: string
  mountPoint: string | null
  mounted: boolean
  /** false: it was prepared before, and nothing was changed. */
  made: boolean
}

/** Why a snapshot is not whole in the copy, though the repository has it. */
export const REMOVED_MEANWHILE =
  'was removed from the copy meanwhile: does expire run on another host?'

export const isWorthAnother = (incomplete: CopyReport['incomplete']): boolean =>
  incomplete.some(({ problem }) => problem.endsWith(REMOVED_MEANWHILE))

/** A bucket with locks lets nothing go. */
export const KEPT_DAMAGED = 'is damaged in the copy, which does not let it be replaced'
