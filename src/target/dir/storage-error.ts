import { EcomdbError, messageOf, systemCode } from '#core/errors'

const WHO_MAY = 'let the account that runs ecomdb write there; `ls -ld DIRECTORY` shows who may'

/** errno: [why, what to do]. */
const KNOWN: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  ENOSPC: ['the disk is full', 'make room (`df -h` shows how much), then run the command again'],
  EDQUOT: ['the disk quota is used up', 'raise the quota, then run the command again'],
  EROFS: [
    'the file system is read-only',
    'mount it read-write; a disk that turned read-only by itself may be failing: see `dmesg`',
  ],
  EACCES: ['permission denied', WHO_MAY],
  EPERM: ['not permitted', WHO_MAY],
  EIO: [
    'the disk reports an input/output error',
    'see `dmesg`; use another copy of the repository',
  ],
  ESTALE: ['the network share went away', 'mount it again, then run the command again'],
}

/** A failed system call on a target, as STORAGE_FAILED: what failed, why, what to do. */
export function storageError(what: string, error: unknown): EcomdbError {
  const [why, hint] = KNOWN[systemCode(error) ?? ''] ?? [messageOf(error), undefined]
  return new EcomdbError('STORAGE_FAILED', { what, why, hints: hint ? [hint] : [], cause: error })
}
