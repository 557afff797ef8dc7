import { copyFile, readFile, realpath, rename, rm } from 'node:fs/promises'
import { translateStorageError } from '#core/storage-error'
import { withExclusiveLock } from '#process/exclusive-lock'
import { writeNewFile } from './key-set.ts'

/** Another edit is a matter of moments. */
const WAIT_MS = 10_000

/**
 * Changes ecomdb.yaml, whole or not at all, and one run after the other: of two at once neither takes
 * away what the other has written. Where its name is a link, the file behind it is changed.
 *
 * @param edit from the text of now to the new one; null leaves it
 * @param keepAs the text before is kept in this file
 * @throws EcomdbError LOCKED, STORAGE_FAILED, and what `edit` throws
 */
export async function editConfigFile(
  named: string,
  edit: (text: string) => string | null,
  keepAs: string | null = null,
): Promise<void> {
  const failed = (error: unknown): never => {
    throw translateStorageError(error, `cannot change ${named}`)
  }
  const file = await realpath(named).catch(failed)
  await withExclusiveLock({ name: `the configuration ${file}`, waitMs: WAIT_MS }, async () => {
    const changed = edit(await readFile(file, 'utf8').catch(failed))
    if (changed !== null) await replace(file, changed, keepAs).catch(failed)
  })
}

async function replace(file: string, text: string, keepAs: string | null): Promise<void> {
  const partial = `${file}.partial`
  if (keepAs) await copyFile(file, keepAs)
  await rm(partial, { force: true })
  await writeNewFile(partial, text, 0o644)
  await rename(partial, file)
}
