import { appendFile, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '#core/errors'
import { translateStorageError } from '#core/storage-error'
import type { StoredObject } from '#domain/backup/envelope'
import { sha256Hex } from './trusted-files.ts'

/**
 * What an unfinished backup has stored, so that the next one, after an interruption, does not
 * store it again. It lies on the backup host, readable by its owner only, a line for each
 * object, written when the object is durable: a line that is lost costs an upload, and one that
 * was torn is no JSON and is passed over. A committed snapshot removes it.
 */
export class UploadJournal {
  readonly #file: string
  #made: Promise<void> | undefined

  /** @param folder of this host's own, e.g. below `stateFolder()` */
  constructor(folder: string, repositoryId: string, sourceId: string) {
    this.#file = join(folder, `${repositoryId}-${sha256Hex(Buffer.from(sourceId)).slice(0, 16)}`)
  }

  /** Object id → the object. */
  async read(): Promise<Map<string, StoredObject>> {
    const text = await readFile(this.#file, 'utf8').catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return ''
      throw translateStorageError(error, `cannot read the journal ${this.#file}`)
    })
    const objects = new Map<string, StoredObject>()
    for (const line of text.split('\n')) {
      const entry = parseEntry(line)
      if (entry) objects.set(entry.id, entry.stored)
    }
    return objects
  }

  async add(id: string, stored: StoredObject): Promise<void> {
    try {
      await this.#make()
      await appendFile(this.#file, `${JSON.stringify({ id, stored })}\n`)
    } catch (error) {
      throw translateStorageError(error, `cannot write the journal ${this.#file}`)
    }
  }

  async remove(): Promise<void> {
    await rm(this.#file, { force: true })
  }

  #make(): Promise<void> {
    this.#made ??= (async () => {
      await mkdir(join(this.#file, '..'), { recursive: true, mode: 0o700 })
      await (await open(this.#file, 'a', 0o600)).close()
      // A torn last line must not swallow the next one.
      await appendFile(this.#file, '\n')
    })()
    return this.#made
  }
}

function parseEntry(line: string): { id: string; stored: StoredObject } | null {
  try {
    const { id, stored } = JSON.parse(line)
    const whole =
      typeof id === 'string' &&
      typeof stored?.path === 'string' &&
      typeof stored.bytes === 'number' &&
      /^[0-9a-f]{64}$/.test(stored.sha256)
    return whole ? { id, stored } : null
  } catch {
    return null
  }
}
