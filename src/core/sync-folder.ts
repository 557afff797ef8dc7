import { open } from 'node:fs/promises'
import { systemCode } from './errors.ts'

/** A new name survives a power cut only when its directory was flushed too (fsync(2)). */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    // Some network shares refuse fsync on a directory; the file's own was done.
    if (!['EINVAL', 'ENOTSUP', 'EBADF'].includes(systemCode(error) ?? '')) throw error
  } finally {
    await handle.close()
  }
}
