import { createReadStream } from 'node:fs'
import { appendFile, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { systemCode } from '#core/errors'
import { translateStorageError } from '#core/storage-error'
import type { StoredObject } from '#domain/backup/envelope'
import { sha256Hex } from './trusted-files.ts'

/**
 * Which backups began here and did not finish, and what they have stored, so that the next one,
 * after an interruption, does not store it again. It lies on the backup host, readable by its owner only, a line for each
 * object, written when the object is durable: a line that is lost costs an upload, and one that
 * was torn is no JSON and is passed over. Of a pack of blocks it has what is in it: data files of a server that
 * runs are never the same twice, but most of their blocks are. A committed snapshot removes it.
 */
export class UploadJournal {
  readonly #file: string
  #made: Promise<void> | undefined

  /** @param folder of this host's own, e.g. below `stateFolder()` */
  constructor(folder: string, repositoryId: string, sourceId: string) {
    this.#file = join(folder, `${repositoryId}-${sha256Hex(Buffer.from(sourceId)).slice(0, 16)}`)
  }

  /** Object id → the object; and the ids of snapshots that began and were not said to have ended. */
  async read(): Promise<{ objects: Map<string, StoredObject>; unended: Set<string> }> {
    const objects = new Map<string, StoredObject>()
    const unended = new Set<string>()
    for await (const { id, stored, began, ended } of this.#lines()) {
      if (id !== undefined && stored) objects.set(id, stored)
      if (began !== undefined) unended.add(began)
      if (ended !== undefined) unended.delete(ended)
    }
    return { objects, unended }
  }

  /** Packs of blocks, and the block index of each by itself: see domain/backup/block-index.ts. */
  async *packs(): AsyncGenerator<{ stored: StoredObject; index: Buffer }> {
    for await (const { stored, index } of this.#lines()) {
      if (stored && index !== undefined) yield { stored, index: Buffer.from(index, 'base64') }
    }
  }

  /** @param index of a pack of blocks */
  async add(id: string, stored: StoredObject, index: Buffer | null): Promise<void> {
    await this.#append({ id, stored, ...(index ? { index: index.toString('base64') } : {}) })
  }

  /** Before the repository is told, so that none that was killed is unknown here. */
  async addBegun(snapshotId: string): Promise<void> {
    await this.#append({ began: snapshotId })
  }

  /** When the repository was told. */
  async addEnded(snapshotId: string): Promise<void> {
    await this.#append({ ended: snapshotId })
  }

  async #append(line: JournalLine): Promise<void> {
    try {
      await this.#make()
      await appendFile(this.#file, `${JSON.stringify(line)}\n`)
    } catch (error) {
      throw translateStorageError(error, `cannot write the journal ${this.#file}`)
    }
  }

  /** Line by line: of many packs it is longer than a text may be. */
  async *#lines(): AsyncGenerator<JournalLine> {
    const input = createReadStream(this.#file, 'utf8')
    try {
      for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        yield parseLine(line)
      }
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return
      throw translateStorageError(error, `cannot read the journal ${this.#file}`)
    } finally {
      input.destroy()
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

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

interface JournalLine {
  /** An object's. */
  id?: string
  stored?: StoredObject
  /** In base64. */
  index?: string
  /** Snapshot ids. */
  began?: string
  ended?: string
}

/** Empty where the line says nothing that is known. */
function parseLine(text: string): JournalLine {
  try {
    const { id, stored, index, began, ended } = JSON.parse(text)
    const isObject =
      typeof id === 'string' &&
      typeof stored?.path === 'string' &&
      typeof stored.bytes === 'number' &&
      /^[0-9a-f]{64}$/.test(stored.sha256)
    return {
      ...(isObject ? { id, stored } : {}),
      ...(isObject && typeof index === 'string' ? { index } : {}),
      ...(UUID.test(began) ? { began } : {}),
      ...(UUID.test(ended) ? { ended } : {}),
    }
  } catch {
    return {}
  }
}
