import { existsSync } from 'node:fs'
import { access, chown, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { EcomdbError, messageOf } from '#core/errors'
import { makeOwnFolder } from '#process/own-folder'
import type { PhysicalBackupOptions } from '../physical-backup.ts'
import type { ScratchServers } from '../scratch-server.ts'
import { scratchServers } from '../shared/scratch-process.ts'
import { mysqlScratch } from './scratch.ts'

/**
 * A folder that the server may write into: it belongs to whoever owns the one above it. What a killed
 * backup has left there goes first, with its private server: all rows of the shop are in it, as plaintext.
 */
export async function makeCloneFolder({
  cloneFolder,
  workFolder,
}: Pick<PhysicalBackupOptions, 'cloneFolder' | 'workFolder'>): Promise<string> {
  const above = cloneFolder ?? dirname(workFolder)
  let folder: string
  try {
    await access(above)
    folder = await makeOwnFolder(above, 'clone', removeLeftClone)
  } catch (error) {
    throw new EcomdbError('STORAGE_FAILED', {
      what: `cannot make a folder for the clone in ${above}`,
      why: messageOf(error),
      hints: [
        '--clone-folder must be there, and belong to the account that the server runs as',
        'run ecomdb as that account or as root: the server writes the clone, and ecomdb reads it',
      ],
      cause: error,
    })
  }
  if (cloneFolder && process.getuid?.() === 0) {
    const { uid, gid } = await stat(above)
    await chown(folder, uid, gid)
  }
  return folder
}

async function removeLeftClone(folder: string): Promise<void> {
  const left = await removeClone(folder)
  if (left !== null && existsSync(folder)) throw new Error(left)
}

/**
 * Ends the private server on a clone, and removes its folder whatever became of that: its files are all rows of the
 * shop. Never throws.
 *
 * @returns what is left, as a finding; null where nothing is
 */
export async function removeClone(
  folder: string,
  servers: Pick<ScratchServers, 'inspect' | 'remove'> = scratchServers(mysqlScratch),
): Promise<string | null> {
  const problems: string[] = []
  const failed = (error: unknown): void => void problems.push(messageOf(error))
  const ended = async (): Promise<unknown> =>
    (await servers.inspect(folder)) !== null && (await servers.remove(folder))
  await ended().catch(failed)
  await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(failed)
  if (problems.length === 0) return null
  const why = problems.join('; ')
  return existsSync(folder)
    ? `the clone stays in ${folder}, with all rows of the server as plaintext (${why}): remove that folder`
    : `the clone in ${folder} is removed, but its private server may still run (${why}): if so, end the process whose command line has that folder, which keeps the room of its files`
}
