import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { stateFolder } from '#core/paths'
import { isAlive } from '#process/is-alive'

const readersFolder = (): string => join(stateFolder(), 'binlog')

/**
 * A folder for the pipes and the option file of one reading tool. Those of runs that were
 * killed are removed first: they may hold a password.
 */
export async function makeReaderFolder(): Promise<string> {
  const parent = readersFolder()
  await mkdir(parent, { recursive: true, mode: 0o700 })
  for (const name of await readdir(parent)) {
    if (!isAlive(Number.parseInt(name, 10))) {
      await rm(join(parent, name), { recursive: true, force: true })
    }
  }
  const folder = join(parent, `${process.pid}-${randomBytes(4).toString('hex')}`)
  await mkdir(folder, { mode: 0o700 })
  return folder
}
