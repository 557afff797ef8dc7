import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { EcomdbError, systemCode } from '#core/errors'
import { translateStorageError } from '#core/storage-error'

/**
 * In a data directory until all of it is there; no server minds it. It says who writes there, as
 * "HOST PID": whoever else comes while that process lives keeps away, whatever was asked for.
 */
const UNFINISHED = '.ecomdb-unfinished'

/** What may be in a data directory and is none of the server's files. */
export const KEPT_BESIDE_FILES: readonly string[] = [UNFINISHED, 'lost+found']

/**
 * @param startOver what a restore that is no more has left may be there
 * @throws EcomdbError TARGET_NOT_EMPTY, LOCKED: nothing was changed
 */
export async function refuseFull(folder: string, startOver: boolean): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    throw new EcomdbError('TARGET_NOT_EMPTY', {
      what: `${folder} is not an empty directory`,
      why: systemCode(error) === 'ENOTDIR' ? 'it is a file' : 'it cannot be read',
      hints: ['give an empty directory, or one that does not exist yet', 'nothing was changed'],
      cause: error,
    })
  })
  const found = names.filter(name => name !== 'lost+found')
  if (found.length === 0) return
  if (!found.includes(UNFINISHED)) {
    throw new EcomdbError('TARGET_NOT_EMPTY', {
      what: `${folder} is not empty`,
      why: `it holds ${found.slice(0, 3).join(', ')}`,
      hints: ['stop the server and move its data directory away first', 'nothing was changed'],
    })
  }
  await refuseRunning(folder)
  if (startOver) return
  throw new EcomdbError('TARGET_NOT_EMPTY', {
    what: `${folder} holds the files of a restore that was cut off`,
    why: 'they are not whole: no server may be started on them',
    hints: ['with --start-over they are removed, and the restore begins again'],
  })
}

/**
 * From here on the directory, which is there, is this process's to fill and to empty.
 *
 * @throws EcomdbError TARGET_NOT_EMPTY, LOCKED: what came since it was looked at stays;
 *   STORAGE_FAILED
 */
export async function claimFolder(folder: string, startOver: boolean): Promise<void> {
  await refuseFull(folder, startOver)
  try {
    if (startOver) await emptyFolder(folder)
    await writeFile(join(folder, UNFINISHED), `${hostname()} ${process.pid}\n`, { flag: 'wx' })
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw running(folder, 'another process')
    throw translateStorageError(error, `cannot restore into ${folder}`)
  }
}

/** All files are there. */
export async function unclaimFolder(folder: string): Promise<void> {
  await rm(join(folder, UNFINISHED))
}

/** The mark goes last: what a kill leaves of this is still known as not whole. */
export async function emptyFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (name === 'lost+found' || name === UNFINISHED) continue
    await rm(join(folder, name), { recursive: true, force: true })
  }
  await rm(join(folder, UNFINISHED), { force: true })
}

/** On another host nobody can see whether it lives: there --start-over is the user's word. */
async function refuseRunning(folder: string): Promise<void> {
  const mark = await readFile(join(folder, UNFINISHED), 'utf8').catch(() => '')
  const [host, pid] = mark.trim().split(' ')
  if (host === hostname() && isAlive(Number(pid))) throw running(folder, `process ${pid}`)
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}

function running(folder: string, who: string): EcomdbError {
  return new EcomdbError('LOCKED', {
    what: `another restore is writing into ${folder}`,
    why: `${who} began it and has not ended`,
    hints: ['wait for it, or end it; or restore into another directory', 'nothing was changed'],
  })
}
