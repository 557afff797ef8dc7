import { lstat, readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readDataFolder } from '#core/data-files'

/** How often it is looked. */
const EACH_MS = 200

/**
 * Another process that has a file below `folder` open, once `waitMs` are over: one that is just ending is waited for.
 * By /proc/PID/fd (proc(5)), which shows those of other accounts to root alone. By whatever path it has opened the
 * file: another mount, as a container has, shows the same file under another name.
 *
 * @param folder its real path
 * @returns null where there is none to be seen
 */
export async function processUsing(folder: string, waitMs: number): Promise<number | null> {
  const deadline = performance.now() + waitMs
  for (;;) {
    const found = await findUser(folder)
    if (found === null || performance.now() >= deadline) return found
    await sleep(EACH_MS)
  }
}

async function findUser(folder: string): Promise<number | null> {
  const files = await filesBelow(folder)
  const names = await readdir('/proc').catch(() => [])
  for (const pid of names.filter(name => /^\d+$/.test(name)).map(Number)) {
    if (pid === process.pid) continue
    const open = await readdir(`/proc/${pid}/fd`).catch(() => [])
    for (const descriptor of open) {
      const link = `/proc/${pid}/fd/${descriptor}`
      const path = await readlink(link).catch(() => '')
      if (path.startsWith(`${folder}/`)) return pid
      if (await isOneOf(files, pid, descriptor)) return pid
    }
  }
  return null
}

const BIG = { bigint: true } as const

interface FilesBelow {
  inodes: ReadonlySet<string>
  /** With their devices. */
  names: ReadonlySet<string>
}

/**
 * The kernel says the inode by itself (fdinfo, since 5.14): only of what may be ours is a file system asked, for one on a
 * share whose server is gone would never answer.
 */
async function isOneOf(files: FilesBelow, pid: number, descriptor: string): Promise<boolean> {
  const told = await readFile(`/proc/${pid}/fdinfo/${descriptor}`, 'latin1').catch(() => '')
  const [, inode] = /^ino:\s*(\d+)$/m.exec(told) ?? []
  if (inode === undefined || !files.inodes.has(inode)) return false
  return files.names.has(await nameOf(stat(`/proc/${pid}/fd/${descriptor}`, BIG)))
}

async function filesBelow(folder: string): Promise<FilesBelow> {
  const names = new Set<string>()
  for (const entry of await readDataFolder(folder)) {
    if (entry.isFile()) names.add(await nameOf(lstat(join(entry.parentPath, entry.name), BIG)))
  }
  names.delete(GONE)
  return { names, inodes: new Set([...names].map(name => name.slice(name.indexOf(':') + 1))) }
}

/** Of a file that is gone meanwhile. */
const GONE = ''

/** The same for one file, whatever its path. */
const nameOf = (asked: Promise<{ dev: bigint; ino: bigint }>): Promise<string> =>
  asked.then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => GONE,
  )
