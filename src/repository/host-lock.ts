import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { EcomdbError, messageOf } from '#core/errors'
import { stateFolder } from '#core/paths'

export interface HostLock {
  release(): void
}

/** SQLITE_BUSY (sqlite.org/rescode.html). */
const BUSY = 5

/**
 * One run at a time on this host for whatever `name` stands for. The lock is SQLite's lock on
 * an empty database file: the kernel drops it when the process ends, however it ends, so no
 * stale lock is ever left and none has to be guessed at by process id.
 *
 * @param name of letters, digits, dots and dashes
 * @throws EcomdbError LOCKED at once when another run holds it
 */
export async function holdHostLock(name: string, what: string): Promise<HostLock> {
  const folder = join(stateFolder(), 'locks')
  const file = join(folder, `${name}.lock`)
  let database: DatabaseSync | undefined
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    database = new DatabaseSync(file)
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (isBusy(error)) {
      throw new EcomdbError('LOCKED', {
        what: `will not start: ${what}`,
        why: 'another run on this host is at it',
        hints: ['wait for it to end; it needs no clean-up when it was killed'],
        cause: error,
      })
    }
    throw new EcomdbError('STORAGE_FAILED', {
      what: `cannot take the lock ${file}`,
      why: messageOf(error),
      hints: ['set ECOMDB_STATE to a folder that this account may write to'],
      cause: error,
    })
  }
  return { release: () => database.close() }
}

function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === BUSY
}
