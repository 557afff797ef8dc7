import { EcomdbError, messageOf, systemCode } from './errors.ts'

const WHO_MAY = 'let the account that runs ecomdb write there; `ls -ld FOLDER` shows who may'

const DISK_FAILS = [
  'the disk reports an input/output error',
  'see `dmesg`, and use another copy',
] as const

/** errno: [why, what to do]. */
const KNOWN: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  ENOSPC: [
    'the disk is full',
    'free some space (`df -h` shows how much there is), then run the command again',
  ],
  EDQUOT: ['the quota is used up', 'free some space, then run the command again'],
  EROFS: [
    'the file system is read-only',
    'mount it read-write; a disk that turned read-only by itself may be failing: see `dmesg`',
  ],
  EACCES: ['permission denied', WHO_MAY],
  EPERM: ['not permitted', WHO_MAY],
  EIO: DISK_FAILS,
  ENODATA: DISK_FAILS,
  EREMOTEIO: DISK_FAILS,
  EBADMSG: DISK_FAILS,
  EUCLEAN: ['the file system is damaged', 'see `dmesg`, have it checked, and use another copy'],
  ESTALE: ['the network share went away', 'mount it again, then run the command again'],
  ENAMETOOLONG: ['the path is too long', 'choose a folder with a shorter path'],
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
  const [why, hint] = KNOWN[systemCode(error) ?? ''] ?? []
  return new EcomdbError('STORAGE_FAILED', {
    what,
    why: why ? `${why} (${messageOf(error)})` : messageOf(error),
    hints: hint ? [hint] : [],
    cause: error,
  })
}

/**
 * Errors by which a disk or its file system says that it does not give back what lies there. Of a bad sector a read
 * through the page cache says EIO, and one past it ENODATA; of another fault of the disk EREMOTEIO or EILSEQ. All
 * else (a share that does not answer, no memory, too many files) says nothing of the file.
 */
const OF_MEDIUM: ReadonlySet<string> = new Set([
  ...['EIO', 'ENODATA', 'EREMOTEIO', 'EILSEQ', 'EBADMSG', 'EUCLEAN'],
])

/** Is a file lost on this disk, rather than not to be had by whoever asks, or not now? */
export function isLostOnDisk(error: unknown): error is EcomdbError {
  if (!(error instanceof EcomdbError) || error.code !== 'STORAGE_FAILED') return false
  return OF_MEDIUM.has(systemCode(error.cause) ?? '')
}

const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT'])

/** The cause of an error that says, by whatever it was seen, that there was no room. */
export const noRoom = (cause?: unknown): Error =>
  Object.assign(new Error('no space left', { cause }), { code: 'ENOSPC' })

/** Was there no room for it? However often it was said in other words since. */
export function isDiskFull(error: unknown): error is EcomdbError {
  if (!(error instanceof EcomdbError) || error.code !== 'STORAGE_FAILED') return false
  for (let at: unknown = error.cause; at instanceof Error; at = at.cause) {
    if (FULL.has(systemCode(at) ?? '')) return true
  }
  return false
}
