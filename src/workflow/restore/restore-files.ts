import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { EcomdbError } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import { translateStorageError } from '#core/storage-error'
import type { FileEntry } from '#domain/backup/physical-manifest'
import type { PhysicalLayer } from './open-physical.ts'
import type { SnapshotAccess } from './open-snapshot.ts'
import { packAccess, readPacks, usedPacks } from './read-packs.ts'

/**
 * Writes the files of one snapshot below `folder`, each block checked by its hash before it is
 * written. What no block covers is a hole.
 *
 * @throws EcomdbError OBJECT_DAMAGED, WRONG_IDENTITY, STORAGE_FAILED
 */
export async function restoreFiles(
  access: SnapshotAccess,
  layer: PhysicalLayer,
  { folder, modes }: { folder: string; modes: { file: number; folder: number } },
  progress: Progress,
): Promise<void> {
  const { manifest } = layer
  refuseLinks(manifest.files)
  const files = new RestoredFiles(folder, manifest.files, modes)
  try {
    await files.make()
    const packs = packAccess(access, layer)
    for await (const { bytes, entries } of readPacks(packs, usedPacks(manifest))) {
      throwIfInterrupted()
      for (const { file, offset } of entries) files.write(file, offset, bytes)
      progress.advance({ bytes: bytes.length * entries.length })
    }
  } catch (error) {
    throw translateStorageError(error, `cannot write into ${folder}`)
  } finally {
    files.close()
  }
}

/** A file that says where a table is would make the server open another place, a live one. */
function refuseLinks(files: readonly FileEntry[]): void {
  const link = files.find(({ path }) => path.endsWith('.isl'))
  if (!link) return
  throw new EcomdbError('UNSUPPORTED', {
    what: 'this snapshot has a table that lies outside of the data directory',
    why: link.path,
    hints: ['restore a logical snapshot'],
  })
}

/**
 * Writes on this thread: into the page cache that takes a third of a millisecond for a block,
 * and libuv's threads are busy with decompressing.
 */
class RestoredFiles {
  readonly #folder: string
  readonly #files: readonly FileEntry[]
  readonly #modes: { file: number; folder: number }
  #open: { number: number; descriptor: number } | null = null

  constructor(
    folder: string,
    files: readonly FileEntry[],
    modes: { file: number; folder: number },
  ) {
    this.#folder = folder
    this.#files = files
    this.#modes = modes
  }

  /** Every folder, and every file in its size. */
  async make(): Promise<void> {
    const folders = this.#files.map(({ path }) =>
      path.endsWith('/') ? path.slice(0, -1) : dirname(path),
    )
    for (const folder of new Set(folders)) {
      await mkdir(join(this.#folder, folder), { recursive: true, mode: this.#modes.folder })
    }
    for (const { path, bytes } of this.#files) {
      if (path.endsWith('/')) continue
      const descriptor = openSync(join(this.#folder, path), 'wx', this.#modes.file)
      ftruncateSync(descriptor, bytes)
      closeSync(descriptor)
    }
  }

  write(number: number, offset: number, bytes: Buffer): void {
    if (this.#open?.number !== number) this.#change(number)
    let done = 0
    while (done < bytes.length) {
      done += writeSync(
        this.#open?.descriptor ?? -1,
        bytes,
        done,
        bytes.length - done,
        offset + done,
      )
    }
  }

  close(): void {
    if (this.#open) closeSync(this.#open.descriptor)
    this.#open = null
  }

  #change(number: number): void {
    this.close()
    const path = this.#files[number]?.path ?? ''
    this.#open = { number, descriptor: openSync(join(this.#folder, path), 'r+') }
  }
}
