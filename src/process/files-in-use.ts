import { readdir, readlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** How often it is looked. */
const EACH_MS = 200

/**
 * Another process that has a file below `folder` open, once `waitMs` are over: one that is just ending is waited for.
 * By /proc/PID/fd (proc(5)), which shows those of other accounts to root alone.
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
  const names = await readdir('/proc').catch(() => [])
  for (const pid of names.filter(name => /^\d+$/.test(name)).map(Number)) {
    if (pid === process.pid) continue
    const open = await readdir(`/proc/${pid}/fd`).catch(() => [])
    for (const descriptor of open) {
      const path = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')
      if (path.startsWith(`${folder}/`)) return pid
    }
  }
  return null
}
