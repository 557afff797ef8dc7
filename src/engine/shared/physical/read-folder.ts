import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { translateStorageError } from '#core/storage-error'
import { BLOCK_BYTES } from '#domain/backup/physical-manifest'
import type { FilePart } from '../../physical-backup.ts'
import type { BlockPool } from './block-pool.ts'

/** Every file and folder below `folder`, block by block. */
export async function* readFolder(folder: string, pool: BlockPool): AsyncGenerator<FilePart> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1)
    if (entry.isDirectory()) yield { kind: 'end', path: `${path}/`, bytes: 0 }
    else if (entry.isFile()) yield* readFile(folder, path, pool)
    else throw new Error(`${path} is neither a file nor a folder`)
  }
}

/**
 * Reads on the caller's thread: the file was written a moment ago and comes from memory in a
 * tenth of a millisecond, and libuv's threads are busy with compressing for longer than that.
 */
function* readFile(folder: string, path: string, pool: BlockPool): Generator<FilePart> {
  const file = openSync(join(folder, path), 'r')
  try {
    const { size } = fstatSync(file)
    for (let offset = 0; offset < size; offset += BLOCK_BYTES) {
      const memory = pool.take()
      const bytes = memory.subarray(0, Math.min(BLOCK_BYTES, size - offset))
      const read = readSync(file, bytes, 0, bytes.length, offset)
      if (read !== bytes.length) throw new Error(`${path} became shorter while it was read`)
      yield { kind: 'block', path, offset, bytes, release: () => pool.give(memory) }
    }
    yield { kind: 'end', path, bytes: size }
  } catch (error) {
    throw translateStorageError(error, `cannot read ${join(folder, path)}`)
  } finally {
    closeSync(file)
  }
}
