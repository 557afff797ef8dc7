import { open, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readDataFolder } from '#core/data-files'
import { systemCode } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'

/** As many as Node's own threads, which wait for the disk. */
const AT_ONCE = 4

/**
 * Everything in a data directory, and its own name, is on the disk when it settles: what only the system's memory has
 * is zeros after a power cut, in files of the right size (fsync(2)).
 *
 * @throws what the system says
 */
export async function flushFiles(given: string): Promise<void> {
  // The name of what a link leads to is in another folder than the link.
  const folder = await realpath(given)
  const entries = await readDataFolder(folder)
  const paths = (folders: boolean): string[] =>
    entries
      .filter(entry => (folders ? entry.isDirectory() : entry.isFile()))
      .map(({ parentPath, name }) => join(parentPath, name))
  const files = paths(false).values()
  const flushNext = async (): Promise<void> => {
    for (const path of files) {
      throwIfInterrupted()
      await flush(path)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, flushNext))
  for (const path of [...paths(true), folder, dirname(folder)]) await flushFolder(path)
}

/** Some network shares refuse it for a folder, and an account may not read the one above. */
export async function flushFolder(path: string): Promise<void> {
  try {
    await flush(path)
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EBADF', 'EACCES'].includes(systemCode(error) ?? '')) throw error
  }
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
