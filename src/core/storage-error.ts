import { EcomdbError, messageOf, systemCode } from './errors.ts'

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free some space, then run the command again',
  EDQUOT: 'the quota is used up: free some space, then run the command again',
  EROFS: 'the file system is mounted read-only',
  EACCES: 'check the owner and the mode of the folder',
  EPERM: 'check the owner and the mode of the folder',
  ENAMETOOLONG: 'choose a folder with a shorter path',
}

/** True for the errors of a file system, as opposed to those of ecomdb or a server. */
export function isStorageError(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'syscall' in error && 'code' in error
}

/**
 * An error of the file system as ecomdb's. Any other error is given back as it is.
 *
 * @param what what was being done: "cannot write /var/backups/shop"
 */
export function translateStorageError(error: unknown, what: string): unknown {
  if (error instanceof EcomdbError || !isStorageError(error)) return error
  const hint = HINTS[systemCode(error) ?? '']
  return new EcomdbError('STORAGE_FAILED', {
    what,
    why: messageOf(error),
    hints: hint ? [hint] : [],
    cause: error,
  })
}
