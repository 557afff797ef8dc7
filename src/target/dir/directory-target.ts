import { randomBytes } from 'node:crypto'
import type { Dirent } from 'node:fs'
import {
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  rename,
  rmdir,
  stat,
  unlink,
} from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { diskSpace } from '#core/disk-space'
import { EcomdbError, messageOf, systemCode } from '#core/errors'
import { makeFolder } from '#core/make-folder'
import { translateStorageError } from '#core/storage-error'
import { syncFolder } from '#core/sync-folder'
import { checkName, checkPrefix, isPartOfName, nameTaken } from '../name.ts'
import type {
  FilePart,
  Leftover,
  PutReceipt,
  ShadowedFile,
  Target,
  TargetFacts,
} from '../target.ts'
import {
  FILE_MODE,
  FOLDER_ATTEMPTS,
  GONE,
  giveFolder,
  linkedFolders,
  type Owner,
  readdirWhole,
  readRange,
  writeDurably,
} from './durable-files.ts'
import { mountPointOf } from './mount-point.ts'
import { readPastCache } from './read-past-cache.ts'

/** Files in the making, and claims on names; a target's names never start with a dot. */
const PARTIAL = '.partial-'
const CLAIM = '.claim-'
/** Held for a look and a rename; an older one is of a run that was killed, or of a disk that was pulled. */
const CLAIM_HELD_MS = 10 * 60_000

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
      try {
        await this.#writeIn(folder, partial, body)
        await this.#publishAs(partial, final, name)
      } finally {
        await unlink(partial).catch(() => {})
      }
      await this.#syncIfThere(folder)
      return { versionId: null, lockedUntil: null }
    } catch (error) {
      // What was written a moment ago is not there: its disk went, and that is what has to be said.
      if (GONE.has(systemCode(error) ?? '')) await this.#checkMounted()
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
      await this.#removeEmpty(dirname(join(this.#root, name)))
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
    const names = await readdirWhole(this.#root)
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
      const links = folder === '' ? await linkedFolders(this.#root, entries) : []
      const isFolder = (entry: Dirent): boolean => entry.isDirectory() || links.includes(entry.name)
      return entries
        .filter(entry => isPartOfName(entry.name) && (entry.isFile() || isFolder(entry)))
        .map(entry => `${folder}${entry.name}${isFolder(entry) ? '/' : ''}`)
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

  /** Whoever removes its last file removes the folder as well, right before the first of ours is in it. */
  async #writeIn(folder: string, partial: string, body: readonly Uint8Array[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#makeFolder(folder)
        return await writeDurably(partial, body, this.#owner)
      } catch (error) {
        const isGone = GONE.has(systemCode(error) ?? '')
        if (!isGone || attempt === FOLDER_ATTEMPTS || folder === this.#root) throw error
        await this.#checkMounted()
      }
    }
  }

  /** Who has removed the file again, with its folder, did so after it had come. */
  async #syncIfThere(folder: string): Promise<void> {
    try {
      await syncFolder(folder)
    } catch (error) {
      if (!GONE.has(systemCode(error) ?? '')) throw error
      await this.#checkMounted()
    }
  }

  /**
   * The folder of a removed file, and those above it, where they are empty by that: a year of snapshots left
   * as many folders. Never the root, nor one that lies in it, which somebody may have made as a link or
   * mounted. The system refuses what is not empty; what it refuses otherwise stays, and harms nobody.
   */
  async #removeEmpty(folder: string): Promise<void> {
    const parent = dirname(folder)
    const isDeep = folder !== this.#root && parent !== this.#root
    const isRemoved =
      isDeep &&
      (await rmdir(folder).then(
        () => true,
        () => false,
      ))
    if (isRemoved) await this.#removeEmpty(parent)
    else await syncFolder(folder)
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
      await makeClaim(claim, partial)
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

/**
 * @param partial was written a moment ago, by the clock of the place
 * @throws the system's EEXIST where another holds it
 */
async function makeClaim(claim: string, partial: string): Promise<void> {
  const make = async (): Promise<void> => await (await open(claim, 'wx', FILE_MODE)).close()
  const { mtimeMs: now } = await stat(partial)
  const isOld = async (file: string): Promise<boolean> =>
    now - (await stat(file)).mtimeMs >= CLAIM_HELD_MS
  try {
    await make()
  } catch (error) {
    if (systemCode(error) !== 'EEXIST' || !(await isOld(claim).catch(() => false))) throw error
    // Taken away by its own name: another may have done so before, and have made one since.
    const taken = `${partial}-claim`
    await rename(claim, taken)
    const wasOld = await isOld(taken)
    await unlink(taken)
    if (!wasOld) throw error
    await make()
  }
}

/** link(2): EPERM where the file system has no hard links; the others on FUSE and shares. */
const NO_HARD_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(systemCode(error) ?? '')
}

function unavailable(label: string, why: string, cause?: unknown): EcomdbError {
  return new EcomdbError('TARGET_UNAVAILABLE', {
    what: `the target ${label} is not available`,
    why,
    hints: [
      'attach its disk, and mount it: `findmnt --target DIRECTORY` shows what is mounted',
      'for a copy on a new disk, `ecomdb target prepare DIRECTORY --label NAME`, then `ecomdb backup copy --to DIRECTORY`',
      'only for a new repository, `ecomdb init`: backups make none by themselves',
    ],
    cause,
  })
}
