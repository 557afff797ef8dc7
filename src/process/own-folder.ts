import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isAlive } from './is-alive.ts'

/**
 * Makes a folder of this run's own, PREFIX-HOST-PID-HEX. Those of runs of this host that were killed
 * are removed first, and PID-HEX of earlier versions: they may hold what was decrypted, or a password.
 * Those of other hosts stay, for whether their runs live cannot be seen from here: so does what a
 * container left whose host name is another one now.
 */
export async function makeOwnFolder(parent: string, prefix: string): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 })
  const ofHost = `${prefix}-${hostname()}-`
  for (const name of await readdir(parent)) {
    const own = name.startsWith(ofHost) ? name.slice(ofHost.length) : name
    const pid = /^(\d+)-[0-9a-f]{8}$/.exec(own)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    await rm(join(parent, name), { recursive: true, force: true })
  }
  const folder = join(parent, `${ofHost}${process.pid}-${randomBytes(4).toString('hex')}`)
  await mkdir(folder, { mode: 0o700 })
  return folder
}
