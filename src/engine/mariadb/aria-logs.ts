import { open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '#core/errors'

const LOG = /^aria_log\.(\d{8})$/
/** A log begins with a page that is its header (TRANSLOG_PAGE_SIZE, ma_loghandler.h). */
const HEADER_BYTES = 8192
/** Of the number of the newest log that the control file knows (CF_FILENO_OFFSET behind the part of fixed length, ma_control_file.c). */
const LENGTH_AT = 20
const NUMBER_AT = 4 + 7

/**
 * Takes away the newest log of Aria where it is a header and nothing else, which the server had begun in the moment in
 * which mariadb-backup looked for it: nothing is in it, and the program's own prepare ends with "Can't init Aria
 * loghandler" over it (10.11.19: 3 of 40 backups beside a writer that ends two logs a second). What ends in it is
 * incomplete either way, and is left out by Aria. One that the control file knows is needed.
 *
 * @param folder what mariadb-backup has copied, not prepared
 */
export async function leaveOutBegunLog(folder: string): Promise<void> {
  const [newest] = (await logsIn(folder)).toReversed()
  if (newest === undefined) return
  if ((await stat(join(folder, newest))).size !== HEADER_BYTES) return
  if (numberOf(newest) <= (await newestKnown(folder))) return
  await rm(join(folder, newest))
}

/**
 * An increment has all logs of Aria that its tables need. Those of what it is applied to may be newer by their
 * numbers, for a prepare begins one where the last page was not complete, and would be read in their place.
 */
export async function leaveToIncrement(folder: string, increment: string): Promise<void> {
  if ((await logsIn(increment)).length === 0) return
  for (const name of await logsIn(folder)) await rm(join(folder, name))
}

async function logsIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter(name => LOG.test(name)).sort()
}

const numberOf = (name: string): number => Number(LOG.exec(name)?.[1])

/** Where the file is not as it is known to be, each log counts as known. */
async function newestKnown(folder: string): Promise<number> {
  try {
    const file = await open(join(folder, 'aria_log_control'))
    try {
      const bytes = Buffer.alloc(64)
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
      const at = bytes.readUInt16LE(LENGTH_AT) + NUMBER_AT
      return at + 4 <= bytesRead ? bytes.readUInt32LE(at) : Number.POSITIVE_INFINITY
    } finally {
      await file.close()
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return Number.POSITIVE_INFINITY
    throw error
  }
}
