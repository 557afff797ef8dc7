import { constants, type FileHandle, open, statfs } from 'node:fs/promises'
import { systemCode } from '#core/errors'
import { MIB } from '#core/units'

/** ZFS_SUPER_MAGIC: before 2.3 it takes the flag, and reads from its own memory all the same. */
const ZFS = 0x2fc1_2fc1

/** Direct input wants memory, offset and length on a border of the device's block (open(2)). */
const BLOCK_BYTES = 4096
const STEP_BYTES = MIB

/** Memory with a place in it that lies on such a border. */
interface AlignedMemory {
  memory: Buffer
  start: number
}

/** Used again, since finding a border takes some reads that are refused. */
const idle: AlignedMemory[] = []

/**
 * A file as the medium gives it, past the page cache (O_DIRECT): what was written a moment ago
 * is otherwise read from memory, and a disk that lost it would not be found out.
 *
 * @returns null where system or file system cannot (macOS, some FUSE file systems)
 */
export async function readPastCache(file: string): Promise<Buffer | null> {
  if (constants.O_DIRECT === undefined || (await statfs(file)).type === ZFS) return null
  let handle: FileHandle
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_DIRECT)
  } catch (error) {
    if (isRefused(error)) return null
    throw error
  }
  try {
    const { size } = await handle.stat()
    if (size === 0) return Buffer.alloc(0)
    for (let used = idle.pop(); used; used = idle.pop()) {
      const bytes = await readAll(handle, size, used)
      if (!bytes) continue
      idle.push(used)
      return bytes
    }
    const aligned = await align(handle)
    const bytes = aligned ? await readAll(handle, size, aligned) : null
    if (aligned && bytes) idle.push(aligned)
    return bytes
  } finally {
    await handle.close()
  }
}

/** Some file systems take the flag and refuse the read, as ntfs3 of a compressed file. */
const isRefused = (error: unknown): boolean =>
  ['EINVAL', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS'].includes(systemCode(error) ?? '')

/**
 * Nobody but the kernel tells where in memory a buffer lies: it refuses what is not aligned.
 * Memory of this size is aligned to 16 bytes.
 */
async function align(handle: FileHandle): Promise<AlignedMemory | null> {
  const memory = Buffer.alloc(STEP_BYTES + BLOCK_BYTES)
  for (let start = 0; start < BLOCK_BYTES; start += 16) {
    try {
      await handle.read(memory, start, BLOCK_BYTES, 0)
      return { memory, start }
    } catch (error) {
      if (!isRefused(error)) throw error
    }
  }
  return null
}

/** Null when this device wants a wider border than the one that the memory was aligned for. */
async function readAll(
  handle: FileHandle,
  size: number,
  { memory, start }: AlignedMemory,
): Promise<Buffer | null> {
  const bytes = Buffer.allocUnsafe(size)
  let filled = 0
  while (filled < size) {
    let read: number
    try {
      read = (await handle.read(memory, start, STEP_BYTES, filled)).bytesRead
    } catch (error) {
      if (isRefused(error)) return null
      throw error
    }
    if (read === 0) break
    memory.copy(bytes, filled, start, start + read)
    filled += read
  }
  return bytes.subarray(0, filled)
}
