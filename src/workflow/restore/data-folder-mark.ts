import { readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { LOST_AND_FOUND } from '#core/data-files'
import { EcomdbError, systemCode } from '#core/errors'
import { translateStorageError } from '#core/storage-error'
import { isHeldByOthers, takeExclusiveLock, withExclusiveLock } from '#process/exclusive-lock'
import { processUsing } from '#process/files-in-use'
import { birthOf, isAlive } from '#process/is-alive'

/**
 * In a data directory until all of it is there; no server minds it. It says who writes there, as
 * "HOST PID BIRTH": whoever else comes while that process lives keeps away, whatever was asked for.
 */
const UNFINISHED = '.ecomdb-unfinished'

/** Another one empties it meanwhile. */
const CLAIM_WAIT_MS = 120_000

/** A program of a restore that was killed ends with it, when the disk lets it. */
const ENDING_MS = 20_000

/** What may be in a data directory and is none of the server's files. */
const KEPT_BESIDE_FILES: readonly string[] = [UNFINISHED, LOST_AND_FOUND]

/** What is done with what a restore has left that is no more. */
export type Leftover = 'refuse' | 'keep' | 'remove'

/**
 * @throws EcomdbError TARGET_NOT_EMPTY, LOCKED; USAGE where nothing is to be kept: nothing was changed
 */
export async function refuseFull(folder: string, leftover: Leftover): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    throw new EcomdbError('TARGET_NOT_EMPTY', {
      what: `${folder} is not an empty directory`,
      why: systemCode(error) === 'ENOTDIR' ? 'it is a file' : 'it cannot be read',
      hints: ['give an empty directory, or one that does not exist yet', 'nothing was changed'],
      cause: error,
    })
  })
  const found = names.filter(name => name !== LOST_AND_FOUND)
  if (found.length === 0) {
    if (leftover === 'keep') throw nothingThere(folder)
    return
  }
  if (!found.includes(UNFINISHED)) {
    throw new EcomdbError('TARGET_NOT_EMPTY', {
      what: `${folder} is not empty`,
      why: `it holds ${found.slice(0, 3).join(', ')}`,
      hints: ['stop the server and move its data directory away first', 'nothing was changed'],
    })
  }
  await refuseRunning(folder)
  if (leftover !== 'refuse') return
  throw new EcomdbError('TARGET_NOT_EMPTY', {
    what: `${folder} holds the files of a restore that was cut off`,
    why: 'they are not whole: no server may be started on them',
    hints: LEFT_HINTS,
  })
}

/** What to do with the files of a restore that was cut off. */
export const LEFT_HINTS: readonly string[] = [
  'with --resume the restore goes on: each block that is there is compared, and only the rest is read again',
  'with --start-over they are removed, and the restore begins again',
]

function nothingThere(folder: string): EcomdbError {
  return new EcomdbError('USAGE', {
    what: 'there is nothing to continue',
    why: `no restore into ${folder} was cut off`,
    hints: ['run the command without --resume', 'nothing was changed'],
  })
}

/**
 * From here on the directory, which is there, is this process's to fill and to empty. Of several
 * processes that come at once, one gets it.
 *
 * @returns lets it go, once it is neither filled nor emptied any more
 * @param endServer ends what a killed restore has left running there; not called for 'refuse'
 * @throws EcomdbError TARGET_NOT_EMPTY, LOCKED, USAGE: what came since it was looked at stays;
 *   STORAGE_FAILED
 */
export async function claimFolder(
  folder: string,
  leftover: Leftover,
  endServer: () => Promise<unknown>,
): Promise<() => Promise<void>> {
  try {
    const name = await realpath(folder)
    return await withExclusiveLock({ name, waitMs: CLAIM_WAIT_MS }, async () => {
      await refuseFull(folder, leftover)
      const { uid } = await stat(name)
      if (await isHeldByOthers([name, fillingOf(name)], [0, uid])) {
        throw running(folder, 'another account')
      }
      const letGo = await holdFilling(name, folder)
      try {
        const isLeft = leftover !== 'refuse'
        if (isLeft) await endServer()
        if (leftover === 'keep') await refuseInUse(name)
        // The mark that is there is of a process that is no more: from now on it is ours.
        await writeFile(join(folder, UNFINISHED), ourMark(), { flag: isLeft ? 'w' : 'wx' })
        if (leftover === 'remove') await removeFiles(folder)
        return letGo
      } catch (error) {
        await letGo()
        throw error
      }
    })
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw running(folder, 'another process')
    throw translateStorageError(error, `cannot restore into ${folder}`)
  }
}

const fillingOf = (name: string): string => `${name} is filled`

/** Whoever fills it holds this as well: from within another container a mark's process looks dead, or is another one. */
async function holdFilling(name: string, folder: string): Promise<() => Promise<void>> {
  try {
    return await takeExclusiveLock({ name: fillingOf(name), waitMs: 0 })
  } catch (error) {
    const isHeld = error instanceof EcomdbError && error.code === 'LOCKED'
    throw isHeld ? running(folder, 'another process') : error
  }
}

/** They are compared, and gone on with: what somebody writes into them from then on, nobody would see. */
async function refuseInUse(folder: string): Promise<void> {
  const pid = await processUsing(folder, ENDING_MS)
  if (pid === null) return
  throw new EcomdbError('LOCKED', {
    what: `somebody has files below ${folder} open`,
    why: `process ${pid} has, and may write to them while they are compared`,
    hints: ['stop it, be it a server that was started on them; then run the command again'],
  })
}

/**
 * All files are there.
 *
 * @throws EcomdbError LOCKED: somebody else has claimed them
 */
export async function unclaimFolder(folder: string): Promise<void> {
  const mark = await readFile(join(folder, UNFINISHED), 'utf8')
  if (mark !== ourMark()) throw running(folder, `"${mark.trim()}"`)
  await rm(join(folder, UNFINISHED))
}

/** Is it this process's? */
export async function isClaimed(folder: string): Promise<boolean> {
  const mark = await readFile(join(folder, UNFINISHED), 'utf8').catch(() => null)
  return mark === ourMark()
}

/**
 * Removes everything from a directory that this process has claimed; any other stays as it is. The
 * mark goes last: what a kill leaves of this is still known as not whole.
 */
export async function emptyFolder(folder: string): Promise<void> {
  if (!(await isClaimed(folder))) return
  await removeFiles(folder)
  await rm(join(folder, UNFINISHED), { force: true })
}

/** All but the mark, what is none of the server's, and these names. */
export async function removeFiles(folder: string, but: readonly string[] = []): Promise<void> {
  for (const name of await readdir(folder)) {
    if (but.includes(name) || KEPT_BESIDE_FILES.includes(name)) continue
    await rm(join(folder, name), { recursive: true, force: true })
  }
}

/** The server's files between a data directory and a folder in it: all `but` these names. */
export async function moveFiles(
  from: string,
  to: string,
  but: readonly string[] = [],
): Promise<void> {
  for (const name of await readdir(from)) {
    if (but.includes(name) || KEPT_BESIDE_FILES.includes(name)) continue
    await rename(join(from, name), join(to, name))
  }
}

const ourMark = (): string =>
  `${[hostname(), process.pid, birthOf(process.pid) ?? []].flat().join(' ')}\n`

/** On another host nobody can see whether it lives: there --start-over is the user's word. */
async function refuseRunning(folder: string): Promise<void> {
  const mark = await readFile(join(folder, UNFINISHED), 'utf8').catch(() => '')
  const [host, pid, birth] = mark.trim().split(' ')
  if (host !== hostname() || !isAlive(Number(pid))) return
  if (birth === undefined || birth === birthOf(Number(pid))) throw running(folder, `process ${pid}`)
}

function running(folder: string, who: string): EcomdbError {
  return new EcomdbError('LOCKED', {
    what: `another restore is writing into ${folder}`,
    why: `${who} began it and has not ended`,
    hints: ['wait for it, or end it; or restore into another directory', 'nothing was changed'],
  })
}
