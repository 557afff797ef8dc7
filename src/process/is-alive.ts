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
