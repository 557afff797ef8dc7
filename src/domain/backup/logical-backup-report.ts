import type { EngineFamily } from '../engine-family.ts'
import type { ConsistencyProof } from './manifest.ts'
import type { Position } from './position.ts'

/** What `ecomdb backup logical` did. */
export interface LogicalBackupReport {
  snapshotId: string
  target: string
  engine: EngineFamily
  serverVersion: string
  /** ISO 8601: the moment that the snapshot shows. */
  consistentAt: string
  position: Position
  proof: ConsistencyProof
  databases: readonly string[]
  tables: number
  programs: number
  accounts: number
  rows: number
  /** Bytes of TSV. */
  bytes: number
  /** New objects and their stored bytes; objects of earlier snapshots that are used again. */
  stored: { objects: number; bytes: number; reused: number }
  durationMs: number
  /** What the snapshot does not keep as it was, in words. */
  findings: readonly string[]
}

/** What `ecomdb backup logical --dry-run` would do. */
export interface LogicalBackupPreview {
  target: string
  engine: EngineFamily
  serverVersion: string
  /** age public keys. */
  recipients: readonly string[]
  readers: number
  /** What would be done on the server, in order. */
  steps: readonly string[]
  tables: readonly {
    schema: string
    name: string
    /** As the server guesses. */
    rows: number
    bytes: number
    /** How its rows are ordered and cut. */
    order: 'integer key' | 'other key' | 'no key'
  }[]
  programs: number
  accounts: number
}
