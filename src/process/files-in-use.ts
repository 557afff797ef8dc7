import { lstat, open, readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readDataFolder } from '#core/data-files'

/** How often it is looked. */
const EACH_MS = 200

/**
 * Another process that has a file below `folder` open, once `waitMs` are over: one that is just ending is waited for.
 * By /proc/PID/fd (proc(5)), which shows those of other accounts to root alone. By whatever path it has opened the
 * file: another mount, as a container has, shows the same file under another name, and other files under the same one.
 *
 * @param folder its real path
 * @param readInfo given by tests only
 * @returns null where there is none to be seen
 */
export async function processUsing(
  folder: string,
  waitMs: number,
  readInfo = readFdInfo,
): Promise<number | null> {
  const deadline = performance.now() + waitMs
  for (;;) {
    const found = await findUser(folder, readInfo)
    if (found === null || performance.now() >= deadline) return found
    await sleep(EACH_MS)
  }
}

async function findUser(folder: string, readInfo: typeof readFdInfo): Promise<number | null> {
  const data = await readData(folder)
  const names = await readdir('/proc').catch(() => [])
  for (const pid of names.filter(name => /^\d+$/.test(name)).map(Number)) {
    if (pid === process.pid) continue
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
    for (const descriptor of descriptors) {
      const link = `/proc/${pid}/fd/${descriptor}`
      const path = await readlink(link).catch(() => '')
      // Sockets, pipes and the like have no path.
      if (!path.startsWith('/')) continue
      const told = await readInfo(pid, descriptor)
      if (await isOurs(data, { pid, link, path, told })) return pid
    }
  }
  return null
}

interface OpenFile {
  pid: number
  link: string
  path: string
  /** What the kernel tells of it. */
  told: string
}

/** A file system is asked only where it is that of the folder: one on a share whose server is gone would never answer. */
async function isOurs(data: Data, { pid, link, path, told }: OpenFile): Promise<boolean> {
  const inode = numberOf('ino', told)
  const isKnown = inode !== undefined && data.inodes.has(inode)
  const device = await data.mounts.deviceOf(numberOf('mnt_id', told), pid)
  const isDataOf = device !== undefined && data.devices?.has(device)
  // Where either is not known, what the inode or the path shows is left.
  if (device !== undefined && data.devices && !isDataOf) return false
  // Kernels before 5.14 do not tell the inode.
  const isAsked = isKnown || (inode === undefined && isDataOf)
  if (isAsked && data.names.has(await nameOf(stat(link, BIG)))) return true
  if (!path.startsWith(`${data.folder}/`)) return false
  // What has come since the files were listed, and directories.
  const now = await nameOf(lstat(path, BIG))
  if (now !== GONE) return now === (await nameOf(stat(link, BIG)))
  return path.endsWith(' (deleted)') && (await hasFolderThere(data, pid))
}

/** Is this folder behind its path for that process as well? In another mount namespace it may be any other. */
async function hasFolderThere({ folder, folderName }: Data, pid: number): Promise<boolean> {
  const namespaceOf = (of: number | 'self') => readlink(`/proc/${of}/ns/mnt`).catch(() => '')
  if ((await namespaceOf(pid)) === (await namespaceOf('self'))) return true
  return (await nameOf(lstat(`/proc/${pid}/root${folder}`, BIG))) === folderName
}

async function readFdInfo(pid: number, descriptor: string): Promise<string> {
  return await readFile(`/proc/${pid}/fdinfo/${descriptor}`, 'latin1').catch(() => '')
}

const numberOf = (key: 'ino' | 'mnt_id', told: string): string | undefined =>
  new RegExp(`^${key}:\\s*(\\d+)$`, 'm').exec(told)?.[1]

const BIG = { bigint: true } as const

/** A folder, and the files below it. */
interface Data {
  folder: string
  folderName: string
  inodes: ReadonlySet<string>
  /** With their devices. */
  names: ReadonlySet<string>
  mounts: Mounts
  /** Those of the file systems that it is on, in the words of mountinfo; null: not known. */
  devices: ReadonlySet<string> | null
}

async function readData(folder: string): Promise<Data> {
  const names = new Set<string>()
  for (const entry of await readDataFolder(folder)) {
    if (entry.isFile()) names.add(await nameOf(lstat(join(entry.parentPath, entry.name), BIG)))
  }
  names.delete(GONE)
  const inodes = new Set([...names].map(name => name.slice(name.indexOf(':') + 1)))
  const mounts = new Mounts()
  const device = await mounts.deviceOf(await mountOf(folder), process.pid)
  // In a plain folder that is the root of this process (chroot), its mountinfo does not have that mount.
  const devices = device === undefined ? null : new Set([device, ...(await devicesBelow(folder))])
  const folderName = await nameOf(lstat(folder, BIG))
  return { folder, folderName, names, inodes, mounts, devices }
}

async function mountOf(folder: string): Promise<string | undefined> {
  const handle = await open(folder, 'r')
  try {
    return numberOf('mnt_id', await readFdInfo(process.pid, `${handle.fd}`))
  } finally {
    await handle.close()
  }
}

/** Of what is mounted below it, as a redo log on a file system of its own. */
async function devicesBelow(folder: string): Promise<string[]> {
  const mounted = await readMounts(process.pid)
  return mounted.filter(({ at }) => at.startsWith(`${folder}/`)).map(({ device }) => device)
}

interface Mounted {
  id: string
  device: string
  /** Its path, as that process sees it. */
  at: string
}

async function readMounts(pid: number): Promise<Mounted[]> {
  const lines = await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '')
  return [...lines.matchAll(/^(\d+) \d+ (\d+:\d+) \S+ (\S+)/gm)].map(
    ([, id = '', device = '', at = '']) => ({
      ...{ id, device },
      // Spaces, tabs, newlines and backslashes are octal there.
      at: at.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
    }),
  )
}

/** Which file system a mount shows, by mountinfo (proc(5)), which asks none. A mount's number is one in all namespaces. */
class Mounts {
  readonly #devices = new Map<string, string>()
  readonly #read = new Set<number>()

  /** @returns undefined where the process cannot see it any more, as one that was unmounted below it */
  async deviceOf(mount: string | undefined, pid: number): Promise<string | undefined> {
    if (mount === undefined) return undefined
    if (!this.#devices.has(mount) && !this.#read.has(pid)) {
      this.#read.add(pid)
      for (const { id, device } of await readMounts(pid)) this.#devices.set(id, device)
    }
    return this.#devices.get(mount)
  }
}

/** Of a file that is gone meanwhile. */
const GONE = ''

/** The same for one file, whatever its path. */
const nameOf = (asked: Promise<{ dev: bigint; ino: bigint }>): Promise<string> =>
  asked.then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => GONE,
  )
