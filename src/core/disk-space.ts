import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCode } from './errors.ts'

/** Bytes that this user can still write, and bytes of the whole file system. */
export interface DiskSpace {
  freeBytes: number
  totalBytes: number
}

/** Space where a path is or will be: of the nearest folder above that is there. */
export async function diskSpace(path: string): Promise<DiskSpace> {
  try {
    const { bavail, blocks, bsize } = await statfs(path)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw error
    return await diskSpace(dirname(path))
  }
}
