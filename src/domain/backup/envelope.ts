import type { EngineFamily } from '../engine-family.ts'
import type { Position } from './position.ts'

/**
 * The snapshot's envelope: what operations need to know, and nothing of the business. It
 * is in the clear, signed (src/crypto/signed-statement.ts) and written last: its presence
 * is the commit. Verify, copy, expire and catch-up work from it without any private key.
 */
export interface SnapshotEnvelope {
  /** Format of this envelope; a reader refuses a number it does not know. */
  format: 1
  /** What a reader must be able to do to use this snapshot; see READER_CAPABILITIES. */
  requires: readonly string[]
  repositoryId: string
  /** UUIDv7, so that names sort by the time of the start. */
  snapshotId: string
  method: SnapshotMethod
  engine: EngineFamily
  /** VERSION() of the server. */
  serverVersion: string
  /** Which server this is: the same for every backup of the same one. */
  sourceId: string
  /** ISO 8601, UTC. */
  startedAt: string
  /** The moment that the snapshot shows. */
  consistentAt: string
  completedAt: string
  tool: string
  manifest: StoredObject
  /** Every object that the snapshot needs, its own and reused ones, without duplicates. */
  objects: readonly StoredObject[]
  /** Per table, by a keyed hash of its name: for the anomaly brake and stable chunk borders. */
  tables: readonly { id: string; rows: number; bytes: number; chunkStep: string | null }[]
  /** Of a physical snapshot: the path of its block index, which is one of `objects`. */
  index?: string
  /** Of a physical snapshot: bytes of its files that are no holes and no redo or undo. Absent in older snapshots. */
  contentBytes?: number
  /** Of a physical snapshot of MariaDB: what the next increment begins with. */
  lsn?: LogSequence | null
  /** The snapshot before this one from the same source, by hash. */
  parent: { snapshotId: string; sha256: string } | null
  /** age public keys. */
  recipients: readonly string[]
  /** Where in the binary log it is: what a replay begins with. Absent in older snapshots. */
  position?: Position
  /**
   * ISO 8601: until then every file that the snapshot needs is locked, as the target itself said
   * of each; null where it was not asked to lock.
   */
  lockUntil: string | null
  /** Keyed hash of host name and data directory. Older snapshots lack it. */
  place?: string
  /** Keyed hash of the databases that were asked for; null or missing: all of them. */
  scope?: string | null
  /** The snapshot that an incremental one needs; null or missing: it stands by itself. */
  base?: string | null
}

/** Log sequence numbers of a physical copy, as decimal text: an increment has what changed between. */
export interface LogSequence {
  from: string
  to: string
  /**
   * Which data directory counts so, as an opaque name: one that was restored counts anew, and
   * an increment to a copy of another one would be wrong.
   */
  of: string
  /** Before the copy began. Absent in older snapshots, and where they are not known: no increment builds on those. */
  highest?: HighestIds
  /** The number with which the redo log was begun, decimal, and what tells its file. Absent in older snapshots, and where it is not known. */
  logBegin?: string
}

/** The highest numbers that InnoDB had given to tables and to tablespaces of their own. */
export interface HighestIds {
  table: number
  space: number
  /** Tablespaces of tables that had no file: one that has is an imported one. Absent: none. */
  without?: readonly number[]
}

/** logical: rows and definitions. physical: the server's data files. */
export type SnapshotMethod = 'logical' | 'physical'

/**
 * Has a signed payload the shape of an envelope of format 1? A signature says who wrote it,
 * and not that the writer was without bugs.
 */
export function isSnapshotEnvelope(value: unknown): value is SnapshotEnvelope {
  if (!isRecord(value) || !isRecord(value['manifest'])) return false
  const { objects, tables, recipients, requires } = value
  return (
    TEXT_MEMBERS.every(name => typeof value[name] === 'string') &&
    isStoredObject(value['manifest']) &&
    (value['method'] === 'logical' || isPhysical(value)) &&
    Array.isArray(objects) &&
    objects.every(isStoredObject) &&
    Array.isArray(tables) &&
    tables.every(table => isRecord(table) && typeof table['rows'] === 'number') &&
    [recipients, requires].every(
      list => Array.isArray(list) && list.every(item => typeof item === 'string'),
    )
  )
}

const TEXT_MEMBERS = [
  ...['repositoryId', 'snapshotId', 'method', 'engine', 'serverVersion', 'sourceId'],
  ...['startedAt', 'consistentAt', 'completedAt', 'tool'],
]

/** One that is incremental must never pass for one that stands by itself. */
function isPhysical({ method, base, index }: Record<string, unknown>): boolean {
  return (
    method === 'physical' &&
    typeof index === 'string' &&
    (base === null || typeof base === 'string')
  )
}

function isStoredObject(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value['path'] === 'string' &&
    Number.isSafeInteger(value['bytes']) &&
    typeof value['sha256'] === 'string'
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A file in the repository, as it is stored: encrypted. */
export interface StoredObject {
  path: string
  bytes: number
  /** Hex SHA-256 of the stored bytes. */
  sha256: string
  /**
   * The place's own name of the version that was stored, where it keeps versions. A copy of the
   * repository in another place has others: it says where to look first, and nothing else.
   */
  versionId?: string
}

/** What a snapshot of each method requires of its reader. */
export const REQUIRED_CAPABILITIES: Readonly<Record<SnapshotMethod, readonly string[]>> = {
  logical: ['age-v1', 'zstd', 'tar-manifest', 'tsv-chunks'],
  physical: ['age-v1', 'zstd', 'tar-manifest', 'block-packs'],
}

/** What this version can read. A snapshot that requires more is refused by name. */
export const READER_CAPABILITIES: ReadonlySet<string> = new Set(
  Object.values(REQUIRED_CAPABILITIES).flat(),
)

/**
 * Without those that hold some databases only, of servers that have others: where one of all databases
 * is kept, a newer one of a part of them is none that would bring the server back.
 */
export function wholeOrAll<Scoped extends Pick<SnapshotEnvelope, 'sourceId' | 'scope'>>(
  snapshots: readonly Scoped[],
): Scoped[] {
  const servers = serversWithWhole(snapshots)
  return snapshots.filter(one => !isPart(one) || !servers.has(one.sourceId))
}

/** Does it hold some databases only? */
export function isPart({ scope }: Pick<SnapshotEnvelope, 'scope'>): boolean {
  return (scope ?? null) !== null
}

/** Those that have a snapshot of all databases: what one of some is worth says nothing of these. */
export function serversWithWhole(
  snapshots: readonly Pick<SnapshotEnvelope, 'sourceId' | 'scope'>[],
): Set<string> {
  return new Set(snapshots.filter(one => !isPart(one)).map(({ sourceId }) => sourceId))
}
