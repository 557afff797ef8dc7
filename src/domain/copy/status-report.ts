import type { Refused } from '../backup/repository-report.ts'
import type { DatasetStatus } from './three-two-one.ts'

/** What `ecomdb backup status` found, for text and --json. */
export interface StatusReport {
  repositoryId: string
  target: string
  /** ISO 8601, UTC. */
  at: string
  met: boolean
  datasets: DatasetStatus[]
  /** Servers that are gone, by the policy, of which there are snapshots: nothing is asked of them. */
  former: Pick<DatasetStatus, 'sourceId' | 'engine' | 'newestShows'>[]
  places: {
    label: string
    name: string | null
    copyId: string | null
    directory: string | null
    /** Its disk is taken away between copies. */
    offline: boolean
    present: boolean
    /** It is never away (a bucket, a directory that is not offline), and is not here. */
    unreachable: boolean
    /** Of a copy that is not here; null when it never was. */
    lastSeenAt: string | null
    snapshots: number
  }[]
  /** Copies of the configuration that have no disk with a snapshot that is young enough. */
  stale: { name: string; why: string }[]
  /** Snapshots that somebody removed without a tombstone. */
  vanished: string[]
  /** Snapshots of a copy that are newer than all of the repository, which nobody expired. */
  ahead: { snapshotId: string; label: string }[]
  refused: Refused[]
}
