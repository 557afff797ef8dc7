import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** In the root of a mounted file system, root's: no server's, and closed to most accounts. */
export const LOST_AND_FOUND = 'lost+found'

/** Everything below a data directory, which may be the root of a mounted file system. */
export async function readDataFolder(folder: string): Promise<Dirent[]> {
  const top = await readdir(folder, { withFileTypes: true })
  const own = top.filter(({ name }) => name !== LOST_AND_FOUND)
  const below = own
    .filter(entry => entry.isDirectory())
    .map(({ name }) => readdir(join(folder, name), { recursive: true, withFileTypes: true }))
  return [...own, ...(await Promise.all(below)).flat()]
}
