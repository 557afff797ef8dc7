import type { EngineFamily } from '../engine-family.ts'
import type { Position } from './position.ts'

/**
 * The snapshot's manifest: everything that a restore needs. It travels encrypted as
 * snapshots/<id>/manifest.age = age(zstd(tar)), where the tar holds
 *
 *   manifest.json   this value
 *   accounts.sql, schema.sql, finish.sql, optional.sql, check.sql, data.tsv
 *                   the same, ready for the command line: no JSON parser needed
 *
 * (docs/formats.md). Row bytes are never in it.
 */
export interface Manifest {
  format: 1
  snapshotId: string
  engine: EngineFamily
  serverVersion: string
  position: Position
  proof: ConsistencyProof
  /** Global variables that a restore should compare: lower_case_table_names, sql_mode, …; SYSTEM_OFFSETS (system-zone.ts), SYSDATE_IS_NOW. */
  settings: Readonly<Record<string, string>>
  databases: readonly DatabaseEntry[]
  tables: readonly TableEntry[]
  /** Views, routines, triggers, events, sequences: in an order that can be created. */
  programs: readonly ProgramEntry[]
  accounts: readonly AccountEntry[]
  /** MySQL: spatial reference systems that are not the server's own; absent without any. */
  spatialReferences?: readonly SpatialReferenceEntry[]
  /** What belongs to no database; absent without any. */
  serverObjects?: readonly ServerObjectEntry[]
  /** Plugins with a library of their own that accounts and tables may need; absent without any. */
  plugins?: readonly PluginEntry[]
  /** Time zones that the source knew by name, of those that it was asked for; absent in older snapshots. */
  timeZones?: readonly string[]
  /** Answers of the live database at the consistent point, to compare after a restore. */
  probes: readonly ProbeEntry[]
  /** What this snapshot does not keep as it was, in words; absent where it keeps all. */
  findings?: readonly string[]
}

/** How it was made sure that all rows and objects are of one point in time. */
export interface ConsistencyProof {
  method: 'ftwrl' | 'backup-stage' | 'lock-tables' | 'single-reader'
  readers: number
  /** Milliseconds for which writers may have waited. */
  lockedMs: number
  /** ISO 8601: when the snapshots of all readers were open. */
  consistentAt: string
  /** What was checked, in order, each with its outcome, in words. */
  steps: readonly string[]
  /** True when every table's definition was the same after its last chunk as before. */
  definitionsUnchanged: boolean
}

export interface DatabaseEntry {
  name: string
  /** SHOW CREATE DATABASE. */
  create: string
}

export interface TableEntry {
  schema: string
  name: string
  /** SHOW CREATE TABLE, byte for byte. */
  create: string
  storageEngine: string
  /** COUNT(*) in the same snapshot; the chunks' rows add up to it. */
  rows: number
  /** The key that orders the rows; null for a table without one. */
  key: KeyEntry | null
  /** In the order of the fields of a line; generated columns are left out. */
  columns: readonly ColumnEntry[]
  chunks: readonly ChunkEntry[]
  /**
   * What the optimizer was told of its values: statements to be run in its database when it has its
   * rows and keys. Absent where it was told nothing.
   */
  statistics?: readonly string[]
  /** MariaDB, system-versioned: `columns` has the times of its rows, those that were among them. */
  history?: true
  /** Rows per chunk where the key is an integer: distance between borders; decimal. */
  chunkStep: string | null
}

export interface KeyEntry {
  columns: readonly string[]
  /** integer: chunks are ranges of its first column. other: one chunk, read in key order. */
  kind: 'integer' | 'other'
}

export interface ColumnEntry {
  name: string
  /** SQL expression that reads it: the quoted name itself, or e.g. CAST(`f` AS DOUBLE). */
  read: string
  /** SQL expression over @v that stores it, or null when the field is stored as it is. */
  store: string | null
}

/** Rows with from <= first key column < to; null is minus and plus infinity. */
export interface ChunkEntry {
  from: string | null
  to: string | null
  rows: number
  /** Bytes of TSV. */
  bytes: number
  /** ordered: SHA-256 of the TSV in key order. additive: see src/domain/backup/row-sum.ts. */
  hash: { kind: 'ordered' | 'additive'; value: string }
  /** The TSV, cut at row borders: decrypt, decompress and join them in order. */
  pieces: readonly PieceEntry[]
}

export interface PieceEntry {
  /** Path of the object in the repository. */
  path: string
  rows: number
  /** TSV bytes and their hex SHA-256. */
  bytes: number
  sha256: string
}

export interface ProgramEntry {
  kind:
    | 'sequence'
    | 'view'
    | 'procedure'
    | 'function'
    | 'package'
    | 'package body'
    | 'library'
    | 'trigger'
    | 'event'
  schema: string
  name: string
  /** Ready to run after USE schema; the definer is in it. */
  create: string
  /** A statement to run right after it: a sequence's next value. */
  after?: string
  /**
   * Of a routine, trigger or event: its database's collation when it was made, where the
   * database has another one now. Variables without a collation of their own have it.
   */
  databaseCollation?: string
  /**
   * MySQL, of a routine with parameters in utf8mb4 that name no collation: default_collation_for_utf8mb4 of
   * the session that made it.
   */
  utf8mb4Collation?: string
  /**
   * MySQL, of a routine with parameters that name no character set: the collation of the session's database when
   * it was made, where that is not its own database's.
   */
  sessionCollation?: string
  /**
   * Of a view that the source's server called invalid, or a trigger that uses a column which its table has no
   * more: why. It refers to what was dropped since, so that a restore may be unable to make it.
   */
  invalid?: string
  /**
   * Of an invalid view that the server does not show: its text is put together from what
   * information_schema has, and a server that takes it words it in its own way.
   */
  unshown?: true
  /**
   * It has bytes that are no text in its client's character set, or a definer, name or comment with
   * letters that the set lacks: what the server shows in their place may be all that is known.
   */
  lossy?: true
  /** Session settings that it was created under; '' where it has none. */
  sqlMode: string
  characterSetClient: string
  collationConnection: string
  timeZone: string
}

export interface SpatialReferenceEntry {
  id: number
  /** CREATE SPATIAL REFERENCE SYSTEM IF NOT EXISTS …: they belong to the server. */
  create: string
}

export interface ServerObjectEntry {
  kind: 'loadable function' | 'server' | 'resource group' | 'component'
  name: string
  /** A password of CREATE SERVER is in here. */
  create: string
}

export interface PluginEntry {
  name: string
  /** "auth_ed25519.so" */
  library: string
  type: 'authentication' | 'storage' | 'parser'
}

export interface AccountEntry {
  user: string
  host: string
  kind: 'account' | 'role'
  /** Statements that make it and its grants, in order. Password hashes are in here. */
  create: readonly string[]
  grants: readonly string[]
}

export interface ProbeEntry {
  name: string
  /** A read-only statement. */
  sql: string
  schema: string
  /** Its rows as tab-separated text, sorted as the statement sorts them. */
  answer: string
}
