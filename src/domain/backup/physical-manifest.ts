import type { EngineFamily } from '../engine-family.ts'
import type { LogSequence } from './envelope.ts'
import type { Position } from './position.ts'

/**
 * The manifest of a physical snapshot: everything that a restore of its files needs. It
 * travels encrypted as snapshots/<id>/manifest.age = age(zstd(tar)): `manifest.json` has all
 * but the last three members, which are lists of their own (docs/formats.md).
 */
export interface PhysicalManifest {
  format: 1
  method: 'physical'
  snapshotId: string
  engine: EngineFamily
  serverVersion: string
  /** Which program copied the files: "mariadb-backup 10.11.19-MariaDB", "CLONE LOCAL". */
  copiedBy: string
  position: Position
  /** ISO 8601: the moment that the files show once they are prepared. */
  consistentAt: string
  /**
   * Milliseconds for which commits (MariaDB), or any writer for whatever (MySQL, by looking), may have waited at
   * most; null where it was not measured.
   */
  lockedMs: number | null
  /** How one point in time was got and what was checked, in words. */
  steps: readonly string[]
  /** Of an incremental one: the snapshot that it needs; sha256 of the bytes of its envelope. */
  base: { snapshotId: string; sha256: string } | null
  /** MariaDB only. */
  lsn: LogSequence | null
  /** Global variables without whose values a server does not start on the files, or that a replay needs; SYSTEM_OFFSETS, SYSDATE_IS_NOW. */
  settings: Readonly<Record<string, string>>
  databases: readonly string[]
  /** What this snapshot does not keep as it was, in words; absent where it keeps all. */
  findings?: readonly string[]
  /** Tables that had no data file on the server, so that nobody can read them; absent: none. */
  withoutFile?: readonly TableName[]

  /** Paths of the objects that hold the blocks; a block names its pack by the place here. */
  packs: readonly string[]
  files: readonly FileEntry[]
  /** By file, then offset. What no block covers is zeros. */
  blocks: readonly BlockEntry[]
}

export interface TableName {
  database: string
  table: string
}

export interface FileEntry {
  /** Below the data directory, with slashes; that of a folder ends with one. */
  path: string
  bytes: number
}

/** Where the bytes of a part of a file are. */
export interface BlockPlace {
  pack: number
  /** Which frame of the pack. */
  frame: number
  /** Offset in the decompressed pack. */
  at: number
  bytes: number
}

export interface BlockEntry extends BlockPlace {
  file: number
  offset: number
  /** Hex, of the block's bytes. */
  sha256: string
}

/** Files are cut at multiples of this. */
export const BLOCK_BYTES = 1024 * 1024

/**
 * Redo logs, which are as long as the copy took, and undo logs, which grow with a long transaction and are
 * truncated behind it, of both engines. How large they are says nothing of the shop.
 */
const LOG_OF_ENGINE = /^(?:undo_?\d+|ib_logfile\d+|#innodb_redo\/.*|aria_log\.\d+)$|\.ibu$/

/** Bytes of the files, without holes and the engines' own logs: what two snapshots of one server are compared by. */
export function contentBytes({
  files,
  blocks,
}: Pick<PhysicalManifest, 'files' | 'blocks'>): number {
  const isLog = files.map(({ path }) => LOG_OF_ENGINE.test(path))
  return blocks.reduce((sum, { file, bytes }) => (isLog[file] ? sum : sum + bytes), 0)
}

/** A path that would be written outside of the data directory, or that no file can have. */
export function isUnsafePath(path: string): boolean {
  const parts = path.replace(/\/$/, '').split('/')
  return parts.some(part => part === '' || part === '.' || part === '..' || part.includes('\0'))
}
