import type { SigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import {
  type EndedBackup,
  isInForce,
  type StartedBackup,
  type Tombstone,
} from '#domain/retention/tombstone'
import type { Target } from '#target/target'
import { endFile, SNAPSHOTS, startFile, TOMBSTONES, tombstoneFile } from './layout.ts'
import { readAtOnce } from './read-at-once.ts'
import { aboutOneFile, type RefusedFile } from './signed-records.ts'
import { readTrustedFile, type Trust } from './trusted-files.ts'
import { momentOfUuidV7 } from './uuid.ts'

export async function putTombstone(
  target: Target,
  tombstone: Tombstone,
  key: SigningKey,
): Promise<void> {
  const statement = signStatement('tombstone', tombstone, key)
  await target.put(tombstoneFile(tombstone.tombstoneId), [statement])
}

/**
 * The tombstones of this place, oldest first, and those not believed. What one announces that was meant for
 * another copy of the repository, or for it, is not announced here.
 *
 * @param copyId of this place; null: the repository that backups go to
 * @param inForceAt only those that are in force then; all when left out
 */
export async function tombstonesOf(
  target: Target,
  trust: Trust,
  copyId: string | null,
  inForceAt?: Date,
): Promise<{ tombstones: Tombstone[]; elsewhere: Tombstone[]; refused: RefusedFile[] }> {
  const tombstones: Tombstone[] = []
  const elsewhere: Tombstone[] = []
  const refused: RefusedFile[] = []
  const files: { name: string; tombstoneId: string }[] = []
  for await (const { name } of target.list(TOMBSTONES)) {
    const [, tombstoneId] = /^tombstones\/([^/]+)\.json$/.exec(name) ?? []
    if (tombstoneId) files.push({ name, tombstoneId })
  }
  // They stay for good, and each expire, status, copy and start of a backup reads all.
  const read = ({ name, tombstoneId }: { name: string; tombstoneId: string }) =>
    readTrustedFile<Tombstone>(target, name, 'tombstone', { tombstoneId }, trust)
  for (const [at, outcome] of (await readAtOnce(files, read)).entries()) {
    if (outcome.status === 'rejected') {
      refused.push({ name: files[at]?.name ?? '', error: aboutOneFile(outcome.reason) })
      continue
    }
    const found = outcome.value
    const counts = !inForceAt || (found && isInForce(found, inForceAt))
    if (!found || !counts) continue
    if (found.copyId === copyId) tombstones.push(found)
    else elsewhere.push(found)
  }
  return { tombstones, elsewhere, refused }
}

/** Says that a backup began, before it looks at what it may use again. */
export async function putStarted(
  target: Target,
  started: StartedBackup,
  key: SigningKey,
): Promise<void> {
  await target.put(startFile(started.snapshotId), [signStatement('start', started, key)])
}

/** Says that a backup that began will make no snapshot any more. */
export async function putEnded(target: Target, ended: EndedBackup, key: SigningKey): Promise<void> {
  await target.put(endFile(ended.snapshotId), [signStatement('end', ended, key)])
}

/**
 * Snapshots that were begun and are not there, by what is in `snapshots/` now, but for those whose
 * own host has signed that they have ended. The name's own time counts, which is the backup host's.
 *
 * @returns the ids of those that are no older than `longestMs`; older ones have died
 */
export async function runningBackups(
  target: Target,
  trust: Trust,
  longestMs: number,
  now: Date,
): Promise<string[]> {
  const files = new Map<string, Set<string>>()
  for await (const { name } of target.list(SNAPSHOTS)) {
    const [, snapshotId, file] = /^snapshots\/([^/]+)\/([^/]+)$/.exec(name) ?? []
    if (!snapshotId || !file) continue
    files.set(snapshotId, (files.get(snapshotId) ?? new Set()).add(file))
  }
  const running: string[] = []
  for (const [snapshotId, names] of files) {
    if (!names.has('started.json') || names.has('snapshot.json')) continue
    if (now.getTime() - momentOfUuidV7(snapshotId).getTime() > longestMs) continue
    if (names.has('ended.json') && (await hasEnded(target, snapshotId, trust))) continue
    running.push(snapshotId)
  }
  return running
}

/** One that nobody trusted has signed ends nothing: who writes it could have objects removed. */
async function hasEnded(target: Target, snapshotId: string, trust: Trust): Promise<boolean> {
  const name = endFile(snapshotId)
  try {
    return (await readTrustedFile<EndedBackup>(target, name, 'end', { snapshotId }, trust)) !== null
  } catch (error) {
    aboutOneFile(error)
    return false
  }
}
