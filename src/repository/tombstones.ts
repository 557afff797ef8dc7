import type { SigningKey } from '#crypto/key-files'
import { signStatement } from '#crypto/signed-statement'
import { isInForce, type StartedBackup, type Tombstone } from '#domain/retention/tombstone'
import type { Target } from '#target/target'
import { SNAPSHOTS, startFile, TOMBSTONES, tombstoneFile } from './layout.ts'
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
 * The tombstones of this place, oldest first, and those not believed. One that was meant for
 * another copy of the repository counts for nothing here.
 *
 * @param copyId of this place; null: the repository that backups go to
 * @param inForceAt only those that are in force then; all when left out
 */
export async function tombstonesOf(
  target: Target,
  trust: Trust,
  copyId: string | null,
  inForceAt?: Date,
): Promise<{ tombstones: Tombstone[]; refused: RefusedFile[] }> {
  const tombstones: Tombstone[] = []
  const refused: RefusedFile[] = []
  for await (const { name } of target.list(TOMBSTONES)) {
    const [, tombstoneId] = /^tombstones\/([^/]+)\.json$/.exec(name) ?? []
    if (!tombstoneId) continue
    try {
      const id = { tombstoneId }
      const found = await readTrustedFile<Tombstone>(target, name, 'tombstone', id, trust)
      const counts = !inForceAt || (found && isInForce(found, inForceAt))
      if (found && found.copyId === copyId && counts) tombstones.push(found)
    } catch (error) {
      refused.push({ name, error: aboutOneFile(error) })
    }
  }
  return { tombstones, refused }
}

/** Says that a backup began, before it looks at what it may use again. */
export async function putStarted(
  target: Target,
  started: StartedBackup,
  key: SigningKey,
): Promise<void> {
  await target.put(startFile(started.snapshotId), [signStatement('start', started, key)])
}

/**
 * Snapshots that were begun and are not there, by what is in `snapshots/` now: they run, or died.
 * The name's own time counts, which is the backup host's: nobody has to be believed for it.
 *
 * @returns the ids of those that are younger than `longestMs`, and of those that are dead
 */
export async function startedBackups(
  target: Target,
  longestMs: number,
  now: Date,
): Promise<{ running: string[]; dead: string[] }> {
  const started = new Set<string>()
  const committed = new Set<string>()
  for await (const { name } of target.list(SNAPSHOTS)) {
    const [, snapshotId, file] = /^snapshots\/([^/]+)\/([^/]+)$/.exec(name) ?? []
    if (!snapshotId) continue
    if (file === 'started.json') started.add(snapshotId)
    if (file === 'snapshot.json') committed.add(snapshotId)
  }
  const open = [...started].filter(snapshotId => !committed.has(snapshotId))
  const isDead = (id: string): boolean => now.getTime() - momentOfUuidV7(id).getTime() > longestMs
  return { running: open.filter(id => !isDead(id)), dead: open.filter(isDead) }
}
