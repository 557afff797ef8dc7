import { copyFile, readFile, realpath, rename, rm } from 'node:fs/promises'
import { translateStorageError } from '#core/storage-error'
import { withExclusiveLock } from '#process/exclusive-lock'
import { writeNewFile } from './key-set.ts'

/** Another edit is a matter of moments. */
const WAIT_MS = 10_000

/**
 * Changes ecomdb.yaml, whole or not at all, and one run after the other: of two at once neither takes
 * away what the other has written.
 *
 * @param edit from the text of now to the new one; null leaves it
 * @param keepAs the text before is kept in this file
 * @throws EcomdbError LOCKED, STORAGE_FAILED, and what `edit` throws
 */
export async function editConfigFile<Text extends string | null>(
  file: string,
  edit: (text: string) => Text,
  keepAs: string | null = null,
): Promise<Text> {
  const name = `the configuration ${await realpath(file)}`
  return await withExclusiveLock({ name, waitMs: WAIT_MS }, async () => {
    const changed = edit(await readFile(file, 'utf8'))
    if (changed === null) return changed
    const partial = `${file}.partial`
    try {
      if (keepAs) await copyFile(file, keepAs)
      await rm(partial, { force: true })
      await writeNewFile(partial, changed, 0o644)
      await rename(partial, file)
    } catch (error) {
      throw translateStorageError(error, `cannot change ${file}`)
    }
    return changed
  })
}
