import type { EngineFamily } from '../engine-family.ts'
import type { Position } from './position.ts'

/** What `ecomdb backup physical` has done, for text and --json. */
export interface PhysicalBackupReport {
  snapshotId: string
  target: string
  engine: EngineFamily
  serverVersion: string
  consistentAt: string
  position: Position
  copiedBy: string
  steps: readonly string[]
  /** Milliseconds for which writers may have waited at most; null where it was not measured. */
  lockedMs: number | null
  /** Of an incremental one: the snapshot that it needs. */
  base: string | null
  databases: readonly string[]
  files: number
  /** Bytes of the files. */
  bytes: number
  blocks: { newBlocks: number; usedAgain: number; zeros: number }
  /** New objects, their stored bytes, and objects of earlier snapshots used again. */
  stored: { objects: number; bytes: number; reused: number }
  durationMs: number
  findings: readonly string[]
}
