import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '#core/clock'
import { translateStorageError } from '#core/storage-error'
import { isAlive } from './is-alive.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Makes a folder of this run's own, PREFIX-HOST-PID-HEX. Those of runs of this host that were killed
 * are removed first: they may hold what was decrypted, or a password.
 * Those of other hosts stay, for whether their runs live cannot be seen from here: so does what a
 * container left whose host name is another one now. PID-HEX of earlier versions does not tell its
 * host: it is removed when nothing was added to it or taken from it for a day, too.
 *
 * @param discard removes one that was left, with what still works in it
 * @throws EcomdbError STORAGE_FAILED
 */
export async function makeOwnFolder(
  parent: string,
  prefix: string,
  discard: (path: string) => Promise<void> = removeFolder,
): Promise<string> {
  try {
    return await makeFolderIn(parent, prefix, discard)
  } catch (error) {
    throw translateStorageError(error, `cannot make a folder to work in, in ${parent}`)
  }
}

async function makeFolderIn(
  parent: string,
  prefix: string,
  discard: (path: string) => Promise<void>,
): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 })
  const ofHost = `${prefix}-${hostname()}-`
  for (const name of await readdir(parent)) {
    const isOurs = name.startsWith(ofHost)
    const own = isOurs ? name.slice(ofHost.length) : name
    const pid = /^(\d+)-[0-9a-f]{8}$/.exec(own)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    const path = join(parent, name)
    if (!isOurs && !(await isOlderThanADay(path))) continue
    await discard(path)
  }
  const folder = join(parent, `${ofHost}${process.pid}-${randomBytes(4).toString('hex')}`)
  await mkdir(folder, { mode: 0o700 })
  return folder
}

async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
}

/** False where another run has removed it meanwhile. */
async function isOlderThanADay(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null)
  return found !== null && systemClock.now().getTime() - found.mtimeMs > DAY_MS
}
