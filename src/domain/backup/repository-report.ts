import type { Attestation } from './attestation.ts'
import type { SnapshotEnvelope, SnapshotMethod } from './envelope.ts'
import type { ConsistencyProof } from './manifest.ts'
import type { Position } from './position.ts'

// What `ecomdb backup list`, `show` and `verify` find, for text and --json.

/** One line of `ecomdb backup list`. */
export interface SnapshotSummary {
  snapshotId: string
  /** ISO 8601, UTC: the moment that the snapshot shows. */
  consistentAt: string
  method: SnapshotMethod
  /** It holds some databases only. */
  part: boolean
  /** Of an incremental physical snapshot: the one that it needs. */
  base: string | null
  engine: string
  serverVersion: string
  /** Which server it is of. */
  sourceId: string
  tables: number
  rows: number
  /** Stored bytes that a restore of it reads. */
  storedBytes: number
  /** Those that no earlier snapshot has. */
  newBytes: number
  /** The newest verify and the newest drill. */
  verified: Proof | null
  drilled: Proof | null
  /** Its newest proof passed, and a file that it shares was found damaged at another snapshot since. */
  sharesDamage: boolean
}

export interface Proof {
  outcome: 'passed' | 'failed'
  /** Of a drill that failed only at its moment of the log: the snapshot itself came back. */
  atMoment?: true
  /** ISO 8601, UTC. */
  at: string
}

export interface SnapshotList {
  repositoryId: string
  target: string
  /** null: the repository that backups go to. */
  copyId: string | null
  /** Oldest first. */
  snapshots: SnapshotSummary[]
  /** Snapshots and attestations that are there and are not believed. */
  refused: Refused[]
  /** Envelopes and manifests that somebody has laid something over. */
  exposed: Exposure[]
}

/** A file that is read right, and that somebody has worked on, or could. */
export interface Exposure {
  name: string
  problem: string
}

export interface Refused {
  name: string
  code: string
  why: string
}

export interface ShownSnapshot {
  summary: SnapshotSummary
  envelope: Omit<SnapshotEnvelope, 'objects'> & { objects: number }
  attestations: readonly Attestation[]
  /** What is inside; both are null when no identity was given. */
  content: SnapshotContent | null
  files: FilesContent | null
}

/** What the manifest of a physical snapshot tells. */
export interface FilesContent {
  position: Position
  copiedBy: string
  lockedMs: number | null
  steps: readonly string[]
  databases: readonly string[]
  files: number
  bytes: number
  blocks: number
  packs: number
}

/** What the manifest tells; passwords' hashes and definitions stay in it. */
export interface SnapshotContent {
  position: Position
  proof: ConsistencyProof
  databases: string[]
  tables: { schema: string; name: string; rows: number; bytes: number; pieces: number }[]
  programs: { kind: string; schema: string; name: string }[]
  /** 'user'@'host' or the name of a role. */
  accounts: string[]
}

/** A file of the repository that is not what it should be, and what it is needed for. */
export interface Damage {
  path: string
  problem: string
  /** `schema.table`; empty where no identity was at hand to look, or for the manifest. */
  tables: string[]
}

export interface VerifyReport {
  repositoryId: string
  target: string
  /** null: the repository that backups go to. */
  copyId: string | null
  level: 'stored' | 'deep'
  outcome: 'passed' | 'failed'
  snapshots: VerifiedSnapshot[]
  refused: Refused[]
  /** Attestations that are not believed, where all was asked for: what they said of a snapshot is not known. */
  doubted: Refused[]
  /** Snapshots that went while they were read, and whether a tombstone had said so. */
  gone: readonly { snapshotId: string; announced: boolean }[]
  /** Files laid over or hidden in the whole target, and locks that do not hold. */
  exposed: Exposure[]
  /** Files that were read wrong, and as signed when they were read again. */
  unsteady: readonly UnsteadyRead[]
  /** Of the archived binary log; null where there is none, or one snapshot alone was asked for. */
  log: VerifiedLog | null
  /** 'cache': some files could not be read past this machine's memory; null: none were read. */
  readFrom: 'medium' | 'cache' | null
}

/** What lies there is whole, and what came from there was not: the way to here changes bytes. */
export interface UnsteadyRead {
  name: string
  /** In words. */
  problem: string
}

export interface VerifiedLog {
  segments: number
  /** Stored bytes that were read and checked. */
  bytes: number
  damaged: Damage[]
  /** Stretches that are believed up to some segment only. */
  refused: readonly { name: string; why: string; segments: number }[]
}

export interface VerifiedSnapshot {
  snapshotId: string
  consistentAt: string
  outcome: 'passed' | 'failed'
  objects: number
  /** Stored bytes that were read and checked for this snapshot or one before it in the run. */
  bytes: number
  /** Rows counted in the decrypted content; null unless deep. */
  rows: number | null
  /** Blocks of data files that were decrypted and compared; null unless deep and physical. */
  blocks?: number | null
  damaged: Damage[]
  attestationId: string | null
  /** Why the signed result could not be stored: retention will not know of it. */
  unattested?: string
}
