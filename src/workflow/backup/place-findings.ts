import type { Progress } from '#core/progress'
import type { SnapshotWriter } from '#repository/contract'

/**
 * Two servers may go by one id: MySQL's of a data directory that was copied with auto.cnf, MariaDB's without a
 * port on one host, or in containers with the same address. `latest` and retention take them for one.
 *
 * @returns what the backup ends with 3 for: that they take turns. One that was moved does so once
 */
export function placeFindings({ place }: SnapshotWriter, progress: Progress): string[] {
  if (place === 'same') return []
  if (place === 'other') progress.warn(`${OTHER}; ${ADVICE}`)
  else progress.warn(RETURNED)
  return place === 'returned' ? [RETURNED] : []
}

const ADVICE =
  'two servers of one id are one to a repository, so that `latest` is of either, and expire keeps of both what it should of one: give each a repository of its own'
const OTHER =
  'the newest snapshot of this id is of a server on another host, or in another data directory: where this one was moved, or its host has another name, all is well'
const RETURNED = `apart from each other: snapshots of this id are of several hosts or data directories that take turns; ${ADVICE}`
