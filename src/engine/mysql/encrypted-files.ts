import { open } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { readDataFolder } from '#core/data-files'

/** Tables, general tablespaces and undo logs. */
const TABLESPACES = /\.(?:ibd|ibu)$|^undo_\d+$/

/** In the first page of a tablespace, big-endian. */
const FLAGS_AT = 54
const ENCRYPTED = 1 << 13

/**
 * Files of a clone that the server has encrypted, by their paths. No table of the server tells of an undo log that was
 * made while innodb_undo_log_encrypt was on (9.7, measured): its tablespace is said to be without encryption once that
 * is off, and no server starts on the clone without the key.
 *
 * @param folder of the clone
 */
export async function encryptedFiles(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const { parentPath, name } of await readDataFolder(folder)) {
    if (!TABLESPACES.test(name)) continue
    const path = join(parentPath, name)
    const file = await open(path)
    try {
      const flags = Buffer.alloc(4)
      await file.read(flags, 0, flags.length, FLAGS_AT)
      if ((flags.readUInt32BE() & ENCRYPTED) !== 0) found.push(relative(folder, path))
    } finally {
      await file.close()
    }
  }
  return found.sort()
}
