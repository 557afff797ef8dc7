import { EcomdbError } from '#core/errors'
import type { CopyRecord } from '#domain/copy/copy-record'
import type { CopyMarker } from '#repository/copy-marker'
import { copyRecordFile } from '#repository/layout'
import { newestCopyRecords } from '#repository/signed-records'
import type { Trust } from '#repository/trusted-files'
import type { Target } from '#target/target'
import { readCopyNotes } from './copy-notes.ts'

/**
 * Ids of the snapshots that were whole when the copy was brought up to date, by the signed record, or by this
 * host's note where that is newer: what was whole before may not be so now.
 *
 * @param warn told where another disk has its marker: nothing is known of that one
 * @returns null: it never was
 */
export async function knownWhole(
  { source, destination }: { source: Target; destination: Target },
  { copyId, label }: CopyMarker,
  trust: Trust,
  warn: (text: string) => void,
): Promise<ReadonlySet<string> | null> {
  const note = (await readCopyNotes(trust.repositoryId)).get(copyId)
  const { records } = await newestCopyRecords(source, trust)
  const record = records.find(one => one.copyId === copyId)
  if (record && !(await hasRecord(destination, record))) {
    warn(`${anotherDisk(label, record)}; all that is there is read`)
    return null
  }
  if (note && note.lastSeenAt >= (record?.at ?? '')) return new Set(note.snapshots)
  return record ? new Set(record.snapshots.map(({ snapshotId }) => snapshotId)) : null
}

/**
 * Is it the very place that was brought up to date then? A clone of it (dd, a replicated bucket), and an image of an
 * earlier day that was put back, have its marker, and not what was put there since.
 */
export async function hasRecord(
  copy: Target,
  { inCopy, copyId, recordId }: Pick<CopyRecord, 'inCopy' | 'copyId' | 'recordId'>,
): Promise<boolean> {
  return inCopy !== true || (await copy.stat(copyRecordFile(copyId, recordId))) !== null
}

const anotherDisk = (label: string, { at }: Pick<CopyRecord, 'at'>): string =>
  `this is not the disk ${label} that was copied to at ${at}: a clone with its marker, or an earlier image of it`

/** What was proved of the one is not true of the other. */
export function notTheLast(target: Target, label: string, record: CopyRecord): EcomdbError {
  return new EcomdbError('REPOSITORY_NOT_FOUND', {
    what: `${target.label} does not count`,
    why: anotherDisk(label, record),
    hints: [
      'for a clone: take ecomdb-copy.json away there, and `ecomdb target prepare` it under a label of its own',
      'for the only one that there is: `ecomdb backup copy` reads all of it, and it counts again',
    ],
  })
}
