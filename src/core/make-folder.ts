import { access, mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCode } from './errors.ts'

/**
 * Makes a folder and those above it that are missing. Node's own `recursive` never ends where the
 * parent is there and nothing can be made in it, as in /proc (Node 24.21).
 *
 * @returns whether it was made now
 * @throws what the system says: ENOENT there, EEXIST for a file, EACCES, EROFS, ENOSPC
 */
export async function makeFolder(path: string, mode = 0o777): Promise<boolean> {
  try {
    return await makeOne(path, mode)
  } catch (error) {
    const parent = dirname(path)
    if (systemCode(error) !== 'ENOENT' || parent === path) throw error
    // Another process may have made the parent meanwhile: once more, and only once.
    if (!(await isThere(parent))) await makeFolder(parent, mode)
    return await makeOne(path, mode)
  }
}

async function makeOne(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode })
    return true
  } catch (error) {
    if (systemCode(error) !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error
    return false
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
