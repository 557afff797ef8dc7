import { hash } from 'node:crypto'
import { lstat, open, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { throwIfInterrupted } from '#core/interruption'
import { isStorageError } from '#core/storage-error'
import {
  BLOCK_BYTES,
  type BlockEntry,
  type PhysicalManifest,
} from '#domain/backup/physical-manifest'

/** Tells of a block of the manifest whether its file has it. */
export type IsThere = (block: BlockEntry) => boolean

/** Nothing is. */
export const NOTHING_THERE: IsThere = () => false

/**
 * What a restore that was cut off has left of the files of a snapshot below `folder`, whatever it did to them: each
 * block is read and compared by its hash, so neither what a power cut took nor what a prepare had begun to change
 * counts. What is not the snapshot's is removed, and so is a file with anything where the snapshot has a hole.
 *
 * @param onBytes is told of what was found, in bytes
 * @throws what the system says; EcomdbError INTERRUPTED
 */
export async function filesThere(
  folder: string,
  manifest: PhysicalManifest,
  onBytes: (bytes: number) => void,
): Promise<IsThere> {
  await removeOthers(folder, manifest)
  const there = new Set<BlockEntry>()
  for (const [number, blocks] of blocksByFile(manifest)) {
    const { path, bytes } = manifest.files[number] ?? { path: '', bytes: 0 }
    const found = await blocksThere(join(folder, path), bytes, blocks)
    if (found === null) await rm(join(folder, path), { force: true })
    for (const block of found ?? []) {
      there.add(block)
      onBytes(block.bytes)
    }
  }
  return block => there.has(block)
}

/** Of every file, also those of holes alone. */
function blocksByFile({ files, blocks }: PhysicalManifest): Map<number, BlockEntry[]> {
  const byFile = new Map<number, BlockEntry[]>()
  for (const [number, { path }] of files.entries()) {
    if (!path.endsWith('/')) byFile.set(number, [])
  }
  for (const block of blocks) byFile.get(block.file)?.push(block)
  return byFile
}

/** Names that the snapshot has not, and whatever is neither the file nor the folder that it has. */
async function removeOthers(folder: string, { files }: PhysicalManifest): Promise<void> {
  const isFile = new Map<string, boolean>()
  for (const { path } of files) {
    const name = path.replace(/\/$/, '')
    isFile.set(name, !path.endsWith('/'))
    for (let above = dirname(name); above !== '.'; above = dirname(above)) isFile.set(above, false)
  }
  const look = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      throwIfInterrupted()
      const name = below === '' ? entry.name : `${below}/${entry.name}`
      const wanted = isFile.get(name)
      const isRight = wanted === true ? entry.isFile() : wanted === false && entry.isDirectory()
      if (!isRight) await rm(join(folder, name), { recursive: true, force: true })
      else if (wanted === false) await look(name)
    }
  }
  await look('')
}

/** @returns null: the file cannot be gone on with */
async function blocksThere(
  path: string,
  size: number,
  blocks: readonly BlockEntry[],
): Promise<BlockEntry[] | null> {
  const found = await lstat(path).catch(() => null)
  // Of another name, too: who writes into one writes into both.
  if (!found || found.size !== size || found.nlink !== 1) return null
  try {
    return await compared(path, size, blocks)
  } catch (error) {
    if (!isStorageError(error)) throw error
    return null
  }
}

async function compared(
  path: string,
  size: number,
  blocks: readonly BlockEntry[],
): Promise<BlockEntry[] | null> {
  const handle = await open(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(BLOCK_BYTES)
    const read = async (from: number, bytes: number): Promise<Buffer> => {
      throwIfInterrupted()
      const { bytesRead } = await handle.read(buffer, 0, bytes, from)
      return buffer.subarray(0, bytesRead)
    }
    const there: BlockEntry[] = []
    let end = 0
    for (const block of [...blocks, { offset: size, bytes: 0 }]) {
      for (let from = end; from < block.offset; from += BLOCK_BYTES) {
        const bytes = Math.min(BLOCK_BYTES, block.offset - from)
        const part = await read(from, bytes)
        if (part.length !== bytes || !isZeros(part)) return null
      }
      end = block.offset + block.bytes
      if (!('sha256' in block)) continue
      const part = await read(block.offset, block.bytes)
      if (part.length === block.bytes && hash('sha256', part) === block.sha256) there.push(block)
    }
    return there
  } finally {
    await handle.close()
  }
}

const ZEROS = Buffer.alloc(BLOCK_BYTES)

const isZeros = (bytes: Buffer): boolean => bytes.equals(ZEROS.subarray(0, bytes.length))
