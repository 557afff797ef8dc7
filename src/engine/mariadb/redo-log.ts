import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Session } from '../session.ts'

/** "Phys" (10.8 and later) and "PHYS" (10.5 to 10.7), of log0log.h: then comes, behind 4 bytes, the first number. */
const FORMATS = ['Phys', 'PHYS']

/**
 * The log sequence number with which the server's redo log was begun, and which file it is: both stay over restarts and
 * crashes, and are others once a prepared backup was started, for that has no redo log of its own, or the log has got
 * another size. Two starts of one backup begin with one number, in two files.
 *
 * @returns the number, decimal, and the file's; null where it cannot be read from here, or is of an unknown format
 */
export async function redoLogBegin(session: Session): Promise<string | null> {
  const [row] = await session.rows(
    'SELECT @@datadir AS data, @@innodb_log_group_home_dir AS folder',
  )
  const path = resolve(String(row?.['data']), String(row?.['folder'] ?? '.'), 'ib_logfile0')
  const header = Buffer.alloc(16)
  try {
    const file = await open(path)
    try {
      const { bytesRead } = await file.read(header, 0, header.length, 0)
      if (bytesRead < header.length || !FORMATS.includes(header.toString('latin1', 0, 4)))
        return null
      const { ino, birthtimeMs } = await file.stat()
      return `${header.readBigUInt64BE(8)} ${ino} ${Math.round(birthtimeMs)}`
    } finally {
      await file.close()
    }
  } catch {
    // mariadb-backup reads the same file, and tells what is wrong with it.
    return null
  }
}
