import { realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { lockAlone, type SharedName, shareLock } from '#process/shared-lock'
import type { Repository } from './contract.ts'

/**
 * While `work` runs, nothing is removed from the repository on this machine. For whatever reads
 * or adds snapshots. (Between machines the tombstone's waiting time and `started.json` stand.)
 *
 * @throws EcomdbError LOCKED
 */
export async function usingRepository<Result>(
  repository: Repository,
  work: () => Promise<Result>,
): Promise<Result> {
  return await whileHeld(await useRepository(repository), work)
}

/** The same for work that does not fit into one function: the promise gives the release. */
export async function useRepository(repository: Repository): Promise<() => Promise<void>> {
  return await shareLock(await lockName(repository))
}

/**
 * Runs `work` while nobody on this machine uses the repository.
 * @throws EcomdbError LOCKED at once
 */
export async function aloneInRepository<Result>(
  repository: Repository,
  work: () => Promise<Result>,
): Promise<Result> {
  return await whileHeld(await lockAlone(await lockName(repository)), work)
}

async function whileHeld<Result>(
  release: () => Promise<void>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } finally {
    await release()
  }
}

/** A folder is known by several paths; a bucket's label is no path, and stays. */
async function lockName({ id, label }: Repository): Promise<SharedName> {
  const path = await realpath(label).catch(() => null)
  // Of a folder of root's that an account writes to by its group, what it has made is its own.
  const folders = path === null ? [] : [path, join(path, 'snapshots'), join(path, 'objects')]
  const owners = await Promise.all(folders.map(folder => stat(folder).catch(() => null)))
  const uids = owners.flatMap(owner => (owner ? [owner.uid] : []))
  return { name: `the repository ${id} in ${path ?? label}`, accounts: [...new Set([0, ...uids])] }
}
