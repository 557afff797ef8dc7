import { randomBytes } from 'node:crypto'
import {
  constants,
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  rename,
  stat,
  unlink,
} from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { diskSpace } from '#core/disk-space'
import { EcomdbError, messageOf, systemCode } from '#core/errors'
import { makeFolder } from '#core/make-folder'
import { translateStorageError } from '#core/storage-error'
import { checkName, checkPrefix, isPartOfName, nameTaken } from '../name.ts'
import type {
  FilePart,
  Leftover,
  PutReceipt,
  ShadowedFile,
  Target,
  TargetFacts,
} from '../target.ts'
import { mountPointOf } from './mount-point.ts'
import { readPastCache } from './read-past-cache.ts'

/** Files in the making, and claims on names; a target's names never start with a dot. */
const PARTIAL = '.partial-'
const CLAIM = '.claim-'

/** Reading and writing for the owner, reading for its group: a copy job may be another account. */
const FILE_MODE = 0o640
const FOLDER_MODE = 0o750

export interface DirectoryOptions {
  /**
   * How a complete file gets its name without overwriting: `link`, but on file systems
   * without hard links (FAT, exFAT) `claim`, which is fallen back to. Given by tests only.
   */
  publish?: 'link' | 'claim'
}

/**
 * A directory as a target: an offline disk, a mounted share, a folder. It is never made
 * here, so that an unmounted disk's mount point is not taken for a new, empty repository.
 */
export function openDirectoryTarget(path: string, options: DirectoryOptions = {}): Target {
  return new DirectoryTarget(resolve(path), options.publish ?? 'link')
}

/**
 * Makes the directory, and those above it, where they are missing. Only `ecomdb init` does.
 * @throws EcomdbError STORAGE_FAILED
 */
export async function createDirectoryTarget(path: string): Promise<Target> {
  try {
    await makeFolder(path, FOLDER_MODE)
  } catch (error) {
    throw translateStorageError(error, `cannot make the target ${path}`)
  }
  return openDirectoryTarget(path)
}

class DirectoryTarget implements Target {
  readonly label: string
  readonly lock = null
  readonly #root: string
  #publish: 'link' | 'claim'
  /** Device and inode of the root, when it was first used. */
  #identity: string | undefined
  /** Root leaves nothing in somebody else's repository that they could not read. */
  #owner: Owner | null = null

  constructor(root: string, publish: 'link' | 'claim') {
    this.label = root
    this.#root = root
    this.#publish = publish
  }

  async put(name: string, body: readonly Uint8Array[]): Promise<PutReceipt> {
    checkName(name)
    await this.#checkMounted()
    const final = join(this.#root, name)
    const folder = dirname(final)
    const partial = join(folder, PARTIAL + randomBytes(8).toString('hex'))
    try {
      await this.#makeFolder(folder)
      try {
        await writeDurably(partial, body, this.#owner)
        await this.#publishAs(partial, final, name)
      } finally {
        await unlink(partial).catch(() => {})
      }
      await syncFolder(folder)
      return { versionId: null, lockedUntil: null }
    } catch (error) {
      throw translateStorageError(error, `cannot write ${name} to ${this.label}`)
    }
  }

  async get(name: string, { range }: FilePart = {}): Promise<Buffer | null> {
    checkName(name)
    await this.#checkMounted()
    let handle: FileHandle | undefined
    try {
      handle = await open(join(this.#root, name), 'r')
      return range ? await readRange(handle, range.start, range.end) : await handle.readFile()
    } catch (error) {
      if (isMissing(error)) return null
      throw translateStorageError(error, `cannot read ${name} from ${this.label}`)
    } finally {
      await handle?.close()
    }
  }

  async readBack(name: string): Promise<{ bytes: Buffer; from: 'medium' | 'cache' } | null> {
    checkName(name)
    await this.#checkMounted()
    try {
      const bytes = await readPastCache(join(this.#root, name))
      if (bytes) return { bytes, from: 'medium' }
    } catch (error) {
      if (isMissing(error)) return null
      throw translateStorageError(error, `cannot read ${name} from ${this.label}`)
    }
    const bytes = await this.get(name)
    return bytes ? { bytes, from: 'cache' } : null
  }

  async stat(name: string): Promise<{ sizeBytes: number } | null> {
    checkName(name)
    await this.#checkMounted()
    try {
      const found = await stat(join(this.#root, name))
      return found.isFile() ? { sizeBytes: found.size } : null
    } catch (error) {
      if (isMissing(error)) return null
      throw translateStorageError(error, `cannot look at ${name} in ${this.label}`)
    }
  }

  async *list(prefix: string): AsyncIterable<{ name: string; sizeBytes: number }> {
    checkPrefix(prefix)
    await this.#checkMounted()
    yield* this.#walk(prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix)
  }

  async remove(name: string): Promise<void> {
    checkName(name)
    await this.#checkMounted()
    try {
      await unlink(join(this.#root, name))
      await syncFolder(dirname(join(this.#root, name)))
    } catch (error) {
      if (isMissing(error)) return
      throw translateStorageError(error, `cannot remove ${name} from ${this.label}`)
    }
  }

  async *shadowed(): AsyncIterable<ShadowedFile> {}

  async keepsVersions(): Promise<boolean> {
    return false
  }

  async removingRules(): Promise<readonly string[]> {
    return []
  }

  async noticesDamage(): Promise<null> {
    return null
  }

  async *leftovers(): AsyncIterable<Leftover> {
    await this.#checkMounted()
    const names = await readdir(this.#root, { recursive: true })
    for (const name of names.filter(name => /(^|\/)\.(partial|claim)-/.test(name)).sort()) {
      const found = await stat(join(this.#root, name)).catch(() => null)
      if (found) yield { name, startedAt: found.mtime }
    }
  }

  async inspect(): Promise<TargetFacts> {
    await this.#checkMounted()
    const space = await diskSpace(this.#root)
    const mountPoint = await mountPointOf(this.#root)
    const trial = join(this.#root, `${PARTIAL}${randomBytes(8).toString('hex')}`)
    try {
      await writeDurably(trial, [Buffer.alloc(1)], null)
    } catch (error) {
      await unlink(trial).catch(() => {})
      return { refusal: messageOf(error), space, mountPoint }
    }
    // A folder that only takes more (chattr +a) keeps the trial: it is no file of the repository.
    const canRemove = await unlink(trial).then(
      () => true,
      () => false,
    )
    return { refusal: null, space, mountPoint, canRemove }
  }

  async *#walk(folder: string, prefix: string): AsyncIterable<{ name: string; sizeBytes: number }> {
    for (const name of await this.#entries(folder)) {
      if (!name.startsWith(prefix)) continue
      if (name.endsWith('/')) {
        yield* this.#walk(name, prefix)
        continue
      }
      const found = await this.stat(name)
      if (found) yield { name, ...found }
    }
  }

  /** Full names in a folder, those of folders with a slash at the end, in byte order. */
  async #entries(folder: string): Promise<string[]> {
    try {
      const entries = await readdir(join(this.#root, folder), { withFileTypes: true })
      return entries
        .filter(entry => isPartOfName(entry.name) && (entry.isFile() || entry.isDirectory()))
        .map(entry => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`)
        .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    } catch (error) {
      if (!isMissing(error)) {
        throw translateStorageError(error, `cannot list ${folder || '/'} in ${this.label}`)
      }
      // A disk that was pulled out meanwhile has no folders either.
      await this.#checkMounted()
      return []
    }
  }

  /**
   * The root must be there, and be the directory that it was: a disk that is unmounted in the
   * middle of a backup leaves its mount point behind, and the system disk would fill.
   */
  async #checkMounted(): Promise<void> {
    const found = await stat(this.#root).catch((error: unknown) => {
      if (isMissing(error)) throw unavailable(this.label, 'there is no such directory', error)
      throw translateStorageError(error, `cannot look at ${this.label}`)
    })
    if (!found.isDirectory()) throw unavailable(this.label, 'it is not a directory')
    const identity = `${found.dev}:${found.ino}`
    this.#identity ??= identity
    const { uid, gid } = found
    this.#owner = process.getuid?.() === 0 && uid !== 0 ? { uid, gid } : null
    if (identity !== this.#identity) {
      throw unavailable(this.label, 'it is another directory than before: the disk was unmounted')
    }
  }

  /** Makes the folders between the root and `folder`, durably, but never the root. */
  async #makeFolder(folder: string): Promise<void> {
    if (folder === this.#root) return
    try {
      await mkdir(folder, { mode: FOLDER_MODE })
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return
      if (systemCode(error) !== 'ENOENT' || dirname(folder) === this.#root) throw error
      await this.#makeFolder(dirname(folder))
      return await this.#makeFolder(folder)
    }
    if (this.#owner) await giveFolder(folder, this.#owner)
    await syncFolder(dirname(folder))
  }

  async #publishAs(partial: string, final: string, name: string): Promise<void> {
    if (this.#publish === 'link') {
      try {
        return await link(partial, final)
      } catch (error) {
        if (systemCode(error) === 'EEXIST') throw nameTaken(this.label, name, error)
        if (!NO_HARD_LINKS.has(systemCode(error) ?? '')) throw error
        this.#publish = 'claim'
      }
    }
    await this.#renameUnderClaim(partial, final, name)
  }

  /** Without hard links: the one who makes the claim file may rename, after a look. */
  async #renameUnderClaim(partial: string, final: string, name: string): Promise<void> {
    const claim = join(dirname(final), CLAIM + name.slice(name.lastIndexOf('/') + 1))
    try {
      await (await open(claim, 'wx', FILE_MODE)).close()
    } catch (error) {
      if (systemCode(error) === 'EEXIST') throw nameTaken(this.label, name, error)
      throw error
    }
    try {
      if (await this.stat(name)) throw nameTaken(this.label, name)
      await rename(partial, final)
    } finally {
      await unlink(claim).catch(() => {})
    }
  }
}

/** link(2): EPERM where the file system has no hard links; the others on FUSE and shares. */
const NO_HARD_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

interface Owner {
  uid: number
  gid: number
}

async function writeDurably(
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
async function giveFolder(folder: string, owner: Owner): Promise<void> {
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

async function readRange(handle: FileHandle, start: number, end: number): Promise<Buffer> {
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

/** A new name survives a power cut only when its directory was flushed too (fsync(2)). */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    // Some network shares refuse fsync on a directory; the file's own was done.
    if (!['EINVAL', 'ENOTSUP', 'EBADF'].includes(systemCode(error) ?? '')) throw error
  } finally {
    await handle.close()
  }
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(systemCode(error) ?? '')
}

function unavailable(label: string, why: string, cause?: unknown): EcomdbError {
  return new EcomdbError('TARGET_UNAVAILABLE', {
    what: `the target ${label} is not available`,
    why,
    hints: [
      'attach its disk, and mount it: `findmnt --target DIRECTORY` shows what is mounted',
      'for a copy on a new disk, `ecomdb target prepare DIRECTORY`, then `ecomdb backup copy --to DIRECTORY`',
      'only for a new repository, `ecomdb init`: backups make none by themselves',
    ],
    cause,
  })
}
