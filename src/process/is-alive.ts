import { readFileSync } from 'node:fs'
import { systemCode } from '#core/errors'

/** Whether a process of this host lives; also one of another user, to which nothing may be sent. */
export function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}

/**
 * When a process of this host began, and in which boot of it: by that one is told from another that has its number
 * now, after a reboot or in a container that was started again (proc(5): field 22 of stat; random(4): boot_id).
 *
 * @returns null where there is none, or the system does not say
 */
export function birthOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name, in parentheses, may have any letters in it.
    const began = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    return began === undefined ? null : `${boot}.${began}`
  } catch {
    return null
  }
}
