import { constants, type FileHandle, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '#core/errors'
import { translateStorageError } from '#core/storage-error'
import { BLOCK_BYTES } from '#domain/backup/physical-manifest'
import type { FileBlock, FilePart } from '../../physical-backup.ts'
import type { BlockPool } from './block-pool.ts'

/** Reads that are under way at a time: of a disk that is far away, one alone gives little. */
const READS_AHEAD = 4

export interface ReadFolderOptions {
  pool: BlockPool
  /**
   * Read past the page cache, where the file system can. For files that were written past it: they
   * are not there, and to bring them in costs more than reading (960 MB: 1.5 s of processor time
   * where memory was scarce, and 0.1 s so), and drives out what other programs keep there.
   */
  direct: boolean
}

/** Every file and folder below `folder`, block by block. */
export async function* readFolder(
  folder: string,
  options: ReadFolderOptions,
): AsyncGenerator<FilePart> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1)
    if (entry.isDirectory()) yield { kind: 'end', path: `${path}/`, bytes: 0 }
    else if (entry.isFile()) yield* readFile(folder, path, options)
    else throw new Error(`${path} is neither a file nor a folder`)
  }
}

async function* readFile(
  folder: string,
  path: string,
  { pool, direct }: ReadFolderOptions,
): AsyncGenerator<FilePart> {
  let file: FileHandle | null = null
  const reading: Promise<FileBlock>[] = []
  try {
    file = await openToRead(join(folder, path), direct)
    const { size } = await file.stat()
    for (let offset = 0; offset < size; offset += BLOCK_BYTES) {
      const block = readBlock({ file, folder, path }, offset, size, pool)
      block.catch(() => {})
      reading.push(block)
      const first = reading.length > READS_AHEAD ? reading.shift() : undefined
      if (first) yield await first
    }
    for (let first = reading.shift(); first; first = reading.shift()) yield await first
    yield { kind: 'end', path, bytes: size }
  } catch (error) {
    throw translateStorageError(error, `cannot read ${join(folder, path)}`)
  } finally {
    await Promise.allSettled(reading)
    await file?.close()
  }
}

async function openToRead(path: string, direct: boolean): Promise<FileHandle> {
  if (direct && constants.O_DIRECT !== undefined) {
    try {
      return await open(path, constants.O_RDONLY | constants.O_DIRECT)
    } catch (error) {
      if (systemCode(error) !== 'EINVAL') throw error
    }
  }
  return await open(path, 'r')
}

interface OpenFile {
  file: FileHandle
  folder: string
  path: string
}

/** Asks for a whole block, also at the file's end: a read past the cache takes no other size. */
async function readBlock(
  from: OpenFile,
  offset: number,
  size: number,
  pool: BlockPool,
): Promise<FileBlock> {
  const memory = pool.take()
  const expected = Math.min(BLOCK_BYTES, size - offset)
  for (let filled = 0; filled < expected; ) {
    const read = await readInto(memory.subarray(filled), from, offset + filled)
    if (read === 0) throw new Error(`${from.path} became shorter while it was read`)
    filled += read
  }
  const bytes = memory.subarray(0, expected)
  return { kind: 'block', path: from.path, offset, bytes, release: () => pool.give(memory) }
}

async function readInto(
  memory: Buffer,
  { file, folder, path }: OpenFile,
  offset: number,
): Promise<number> {
  try {
    return (await file.read(memory, 0, memory.length, offset)).bytesRead
  } catch (error) {
    if (systemCode(error) !== 'EINVAL') throw error
    // Opened past the cache, and not to be read so: the file system is the judge of that.
    const plain = await open(join(folder, path), 'r')
    try {
      return (await plain.read(memory, 0, memory.length, offset)).bytesRead
    } finally {
      await plain.close()
    }
  }
}
