import type { KeysConfig } from '#config/config'
import type { Clock } from '#core/clock'
import { EcomdbError, type ErrorCode } from '#core/errors'
import { type Check, checkOf } from '#domain/backup/check'
import type { DrillReport, Objectives } from '#domain/backup/drill-report'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import type { ConnectOptions } from '#engine/session'
import type { Target } from '#target/target'

export interface DrillOptions {
  /** A snapshot id, an unambiguous beginning of one, or 'latest'. */
  snapshot: string
  target: Target
  keys: KeysConfig
  /** See SnapshotAccess. */
  programsZone?: string | undefined
  engineFor: (family: EngineFamily) => Promise<Engine>
  objectives: Objectives
  /** Connections, for loading and for reading back. */
  connections: number
  /** Restore a second of the binary log's window as well, drawn by lot. */
  anyMoment?: boolean
  clock: Clock
  /** Called between loading and reading back: tests change something there. */
  onRestored?: (connect: ConnectOptions) => Promise<void>
}

export interface DrillResult {
  checks: readonly Check[]
  damaged: readonly { path: string; problem: string }[]
  /** On the monotonic clock: when the server could be used. */
  restoredAt: number
}

/** What one kind of drill has found; the rest of the report is the same for both. */
export interface DrilledSnapshot extends DrillResult {
  about: AboutSnapshot
  scratchVersion: string
  /** Of the server's program, which may not have started. */
  programVersion?: string
  contentSha256?: string
  /** Of the server that was backed up. */
  settings: Readonly<Record<string, string>>
}

/** What is known of the snapshot, and how much of it came back. */
export type AboutSnapshot = Pick<
  DrillReport,
  | 'repositoryId'
  | 'target'
  | 'snapshotId'
  | 'sourceId'
  | 'method'
  | 'part'
  | 'engine'
  | 'sourceVersion'
  | 'consistentAt'
  | 'databases'
  | 'rows'
  | 'tables'
  | 'objects'
  | 'rowBytes'
  | 'storedBytes'
>

/** Failures that are the snapshot's, not the drill's. */
const SNAPSHOT_FAILS: readonly ErrorCode[] = [
  'OBJECT_DAMAGED',
  'CONTENT_MISMATCH',
  'SERVER_REFUSED',
  // MySQL, of a view that reads a database which is not in the snapshot.
  'SCHEMA_MISSING',
]

export function findingOf(
  error: unknown,
  snapshotFails = SNAPSHOT_FAILS,
): Pick<DrillResult, 'checks' | 'damaged'> {
  if (!(error instanceof EcomdbError) || !snapshotFails.includes(error.code)) throw error
  const text = error.why ? `${error.what}: ${error.why}` : error.what
  const path = /objects\/[0-9a-f]{2}\/\S+\.[0-9a-f]+/.exec(text)?.[0]
  return {
    checks: [checkOf('restore', 'the snapshot does not restore', [text])],
    damaged: error.code === 'OBJECT_DAMAGED' && path ? [{ path, problem: text }] : [],
  }
}
