import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EcomdbError, messageOf } from '#core/errors'
import { onInterrupt } from '#core/interruption'
import { makeFolder } from '#core/make-folder'
import type { Progress } from '#core/progress'
import {
  SAMPLE_TABLES,
  type SampleBlock,
  type SampleTable,
  sampleFileName,
} from '#domain/sample/sample-files'
import { simulateShop } from '#domain/sample/simulate-shop'
import type { SampleSize } from '#domain/sample/size'

export interface SampleOptions {
  folder: string
  size: SampleSize
  seed: number
  /** Replace files of an earlier run. */
  overwrite: boolean
}

export interface SampleFile {
  table: SampleTable
  file: string
  rows: number
  sizeBytes: number
  /** Of the file's bytes: equal for equal size and seed. Hex. */
  sha256: string
}

/**
 * `ecomdb sample generate`. The files get their names when all of them are complete.
 *
 * @throws EcomdbError USAGE (files are there already), STORAGE_FAILED
 */
export async function generateSample(
  options: SampleOptions,
  progress: Progress,
): Promise<SampleFile[]> {
  refuseOverwriting(options)
  progress.stage('generating rows')
  const { sessions, pageviews, items, messages } = options.size
  progress.total({ items: sessions + pageviews + items + messages })
  const files = new SampleWriter(options.folder)
  const finished = onInterrupt(() => files.abandon())
  try {
    await files.open()
    for (const block of simulateShop(options.size, options.seed)) {
      progress.advance({ items: block.rows, bytes: await files.write(block) })
    }
    return await files.publish()
  } catch (error) {
    await files.abandon()
    throw new EcomdbError('STORAGE_FAILED', {
      what: `cannot write the sample to ${options.folder}`,
      why: messageOf(error),
      hints: ['choose a folder with enough room by --out'],
      cause: error,
    })
  } finally {
    finished()
  }
}

function refuseOverwriting({ folder, overwrite }: SampleOptions): void {
  if (overwrite) return
  const there = SAMPLE_TABLES.map(table => join(folder, sampleFileName(table))).find(existsSync)
  if (!there) return
  throw new EcomdbError('USAGE', {
    what: `${there} is there already`,
    hints: ['add --overwrite to replace it, or choose another folder by --out'],
  })
}

interface OpenFile {
  path: string
  handle: FileHandle
  hash: ReturnType<typeof createHash>
  rows: number
  sizeBytes: number
}

const partial = (path: string): string => `${path}.partial`

class SampleWriter {
  readonly #folder: string
  readonly #files = new Map<SampleTable, OpenFile>()

  constructor(folder: string) {
    this.#folder = folder
  }

  async open(): Promise<void> {
    await makeFolder(this.#folder)
    for (const table of SAMPLE_TABLES) {
      const path = join(this.#folder, sampleFileName(table))
      const handle = await open(partial(path), 'w')
      this.#files.set(table, { path, handle, hash: createHash('sha256'), rows: 0, sizeBytes: 0 })
    }
  }

  /** @returns how many bytes were written */
  async write({ table, text, rows }: SampleBlock): Promise<number> {
    const file = this.#files.get(table)
    if (!file) throw new Error(`no file for ${table}`)
    const bytes = Buffer.from(text)
    file.hash.update(bytes)
    file.rows += rows
    file.sizeBytes += bytes.length
    await file.handle.writeFile(bytes)
    return bytes.length
  }

  async publish(): Promise<SampleFile[]> {
    for (const { handle } of this.#files.values()) await handle.close()
    const written: SampleFile[] = []
    for (const [table, { path, hash, rows, sizeBytes }] of this.#files) {
      await rename(partial(path), path)
      written.push({ table, file: path, rows, sizeBytes, sha256: hash.digest('hex') })
    }
    return written
  }

  async abandon(): Promise<void> {
    for (const { path, handle } of this.#files.values()) {
      await handle.close().catch(() => {})
      await rm(partial(path), { force: true })
    }
  }
}
