import { statfs } from 'node:fs/promises'
import { EcomdbError } from '#core/errors'
import { noRoom } from '#core/storage-error'

/** Less than a page of any engine. */
const FULL_BYTES = 4096
const LOOK_MS = 1000
/** Whoever deletes something meanwhile lets the program go on. */
const PATIENCE_MS = 10_000

export interface DiskWatch {
  /** What the program was ended for, or null. */
  readonly error: EcomdbError | null
  close(): void
}

/**
 * Ends a program that waits for room: MariaDB's write a page again and again when the disk is full, for
 * ever, and say nothing.
 *
 * @param folder in which the program writes
 * @param end is called once, when nothing could be written there for some time
 */
export function watchFullDisk(folder: string, end: () => void): DiskWatch {
  let fullSince: number | null = null
  let error: EcomdbError | null = null
  const look = async (): Promise<void> => {
    const { bfree, bavail, bsize } = await statfs(folder)
    // Blocks are kept for root alone on some file systems.
    const freeBytes = (process.getuid?.() === 0 ? bfree : bavail) * bsize
    const now = performance.now()
    fullSince = freeBytes < FULL_BYTES ? (fullSince ?? now) : null
    if (error || fullSince === null || now - fullSince < PATIENCE_MS) return
    error = diskIsFull(folder)
    end()
  }
  // A folder that cannot be asked about is the program's to complain of.
  const timer = setInterval(() => void look().catch(() => {}), LOOK_MS)
  return {
    get error() {
      return error
    },
    close: () => clearInterval(timer),
  }
}

function diskIsFull(folder: string): EcomdbError {
  return new EcomdbError('STORAGE_FAILED', {
    what: `cannot write into ${folder}`,
    why: `the disk is full, and was so for ${PATIENCE_MS / 1000} seconds`,
    hints: ['free some space (`df -h` shows how much there is), then run the command again'],
    cause: noRoom(),
  })
}
