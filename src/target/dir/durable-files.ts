import type { Dirent } from 'node:fs'
import { constants, type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { systemCode } from '#core/errors'

/** Reading and writing for the owner, reading for its group: a copy job may be another account. */
export const FILE_MODE = 0o640

/** A share says ESTALE of what another host has removed. */
export const GONE = new Set(['ENOENT', 'ESTALE'])
export const FOLDER_ATTEMPTS = 20

export interface Owner {
  uid: number
  gid: number
}

export async function writeDurably(
  file: string,
  body: readonly Uint8Array[],
  owner: Owner | null,
): Promise<void> {
  const handle = await open(file, 'wx', FILE_MODE)
  try {
    if (owner) await give(handle, owner)
    // Joined, because writev may stop half-way and writeFile goes on until all is written.
    const [only, ...more] = body
    await handle.writeFile(only && more.length === 0 ? only : Buffer.concat(body))
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

/** By its handle: whoever owns the folder above may have put another thing in its place. */
export async function giveFolder(folder: string, owner: Owner): Promise<void> {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants
  const handle = await open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  try {
    await give(handle, owner)
  } finally {
    await handle.close()
  }
}

/** Some shares and FAT know one owner only. */
async function give(handle: FileHandle, { uid, gid }: Owner): Promise<void> {
  try {
    await handle.chown(uid, gid)
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EINVAL', 'ENOSYS'].includes(systemCode(error) ?? '')) throw error
  }
}

export async function readRange(handle: FileHandle, start: number, end: number): Promise<Buffer> {
  const { size } = await handle.stat()
  const buffer = Buffer.alloc(Math.max(0, Math.min(end, size) - start))
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, start + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

type Entry = Pick<Dirent, 'name' | 'isDirectory' | 'isSymbolicLink'>

/**
 * Folders of a repository that are links to another disk: what is read and written by their names is listed with
 * the rest. One that leads back to what it lies in is none of them.
 */
export async function linkedFolders(root: string, entries: readonly Entry[]): Promise<string[]> {
  const links = entries.filter(entry => entry.isSymbolicLink())
  if (links.length === 0) return []
  const here = await realpath(root)
  const found = await Promise.all(
    links.map(async ({ name }) => {
      const place = await realpath(join(root, name)).catch(() => null)
      const isBack = place === null || `${here}/`.startsWith(place === '/' ? place : `${place}/`)
      return !isBack && (await stat(place)).isDirectory() ? [name] : []
    }),
  )
  return found.flat()
}

type ReadFolder = (folder: string) => Promise<Entry[]>

const readFolder: ReadFolder = folder => readdir(folder, { withFileTypes: true })

/** Every name in a folder and below, also below its linked folders. Node's own follows links in circles. */
export async function readdirWhole(root: string, read = readFolder): Promise<string[]> {
  const entries = await read(root)
  const links = await linkedFolders(root, entries)
  const roots = [root, ...links.map(name => join(root, name))]
  const found = await Promise.all(roots.map(folder => namesBelow(folder, read)))
  return found.flat().map(name => relative(root, name))
}

async function namesBelow(folder: string, read: ReadFolder): Promise<string[]> {
  const names: string[] = []
  for (const entry of await read(folder)) {
    const name = join(folder, entry.name)
    names.push(name)
    // It may have gone meanwhile, and all that was in it.
    if (!entry.isDirectory()) continue
    // One by one: as arguments of a call a hundred thousand are too many.
    for (const below of await namesBelow(name, read).catch(noneIfGone)) names.push(below)
  }
  return names
}

function noneIfGone(error: unknown): string[] {
  if (GONE.has(systemCode(error) ?? '')) return []
  throw error
}
