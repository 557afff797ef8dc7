import { createHash } from 'node:crypto'
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  writeFile,
} from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { EcomdbError, systemCode } from '#core/errors'
import { makeFolder } from '#core/make-folder'
import type { EngineFamily } from '#domain/engine-family'

/**
 * server.json: marks a folder as a private server's, and says what is known of it without
 * asking the server. Written before anything else, so that a folder without it is never
 * deleted or filled.
 */
export interface ServerRecord {
  format: 1
  family: EngineFamily
  /** The process that was started last; null once it was stopped in good order. */
  pid: number | null
  /** The port used last, tried first at the next start. */
  port: number | null
}

const PARTIAL_RECORD = 'server.json.partial'

/** The longest path of a unix socket, in bytes (unix(7): 108 with its final NUL). */
const MAX_SOCKET_PATH = 107
/** Servers hold paths in 512 bytes (FN_REFLEN); the longest of their own names needs the rest. */
const MAX_FOLDER_PATH = 380

/** The folder's real path when it exists, or null. */
export async function existingFolder(folder: string): Promise<string | null> {
  return await realpath(folder).catch(() => null)
}

/** Makes the folder where there is none. Gives its real path back, under which it is locked. */
export async function makeServerFolder(folder: string): Promise<string> {
  const path = await refuseLongPath(folder)
  await makeFolder(path, 0o700)
  return path
}

/** @returns the real path of a folder, or that which it will have when it is made */
export async function refuseLongPath(folder: string): Promise<string> {
  const path = await realPathOf(resolve(folder))
  if (Buffer.byteLength(path) > MAX_FOLDER_PATH) {
    throw new EcomdbError('UNSUPPORTED', {
      what: `the path of ${path} is too long for a database server`,
      why: `it has ${Buffer.byteLength(path)} bytes; at most ${MAX_FOLDER_PATH} work`,
      hints: ['choose a folder with a shorter path, or set ECOMDB_STATE to one'],
    })
  }
  return path
}

async function realPathOf(path: string): Promise<string> {
  const parent = dirname(path)
  if (path === parent) return path
  return await realpath(path).catch(async () => join(await realPathOf(parent), basename(path)))
}

/**
 * Marks an empty folder as this engine's and closes it to other users; a folder that is
 * marked already is checked only. Call it under the folder's lock.
 *
 * @throws EcomdbError UNSUPPORTED when it holds what is not ours, or the other engine's
 */
export async function claimFolder(path: string, family: EngineFamily): Promise<void> {
  const record = await readRecord(path)
  if (!record) return await claimEmptyFolder(path, family)
  if (record.family !== family) {
    throw new EcomdbError('UNSUPPORTED', {
      what: `${path} belongs to a private ${record.family} server`,
      why: `a ${family} server cannot run on its data`,
      hints: ['choose another folder or name'],
    })
  }
}

async function claimEmptyFolder(path: string, family: EngineFamily): Promise<void> {
  const found = (await readdir(path)).filter(name => name !== PARTIAL_RECORD)
  if (found.length > 0) {
    throw new EcomdbError('UNSUPPORTED', {
      what: `${path} is not a private server's folder`,
      why: 'it holds other files',
      hints: ['choose an empty folder, or one that does not exist yet'],
    })
  }
  await chmod(path, 0o700)
  await writeRecord(path, { format: 1, family, pid: null, port: null })
}

export async function readRecord(folder: string): Promise<ServerRecord | null> {
  const text = await readFile(join(folder, 'server.json'), 'utf8').catch(error => {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return null
    throw error
  })
  if (text === null) return null
  const record = parseRecord(text)
  if (record) return record
  throw new EcomdbError('UNSUPPORTED', {
    what: `${join(folder, 'server.json')} cannot be read`,
    why: 'it is damaged, or of a newer ecomdb',
    hints: ['look into the folder; delete it when its data is not needed'],
  })
}

function parseRecord(text: string): ServerRecord | null {
  try {
    const value = JSON.parse(text) as Partial<ServerRecord> | null
    const known = value?.format === 1 && (value.family === 'mysql' || value.family === 'mariadb')
    return known ? (value as ServerRecord) : null
  } catch {
    return null
  }
}

/** Whole or not at all: a crash while writing must not unmark the folder. */
export async function writeRecord(folder: string, record: ServerRecord): Promise<void> {
  const partial = join(folder, PARTIAL_RECORD)
  await writeFile(partial, `${JSON.stringify(record)}\n`, { mode: 0o600, flush: true })
  await rename(partial, join(folder, 'server.json'))
}

/** The socket is in the folder, or where that path would be too long, under /tmp. */
export async function socketFor(folder: string): Promise<string> {
  const inside = join(folder, 'server.sock')
  if (Buffer.byteLength(inside) <= MAX_SOCKET_PATH) return inside
  const user = process.getuid?.() ?? 0
  const parent = `/tmp/ecomdb-${user}`
  await mkdir(parent, { recursive: true, mode: 0o700 })
  // Anybody may make a folder in /tmp: use it only when it is ours, and ours alone.
  const found = await lstat(parent)
  if (!found.isDirectory() || found.uid !== user || (found.mode & 0o077) !== 0) {
    throw new EcomdbError('STORAGE_FAILED', {
      what: `cannot use ${parent} for the server's socket`,
      why: 'it belongs to another user, or is open to others',
      hints: ['choose a folder with a shorter path: the socket is then made inside it'],
    })
  }
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16)
  return join(parent, `${name}.sock`)
}
