import { lstat, readlink, stat } from 'node:fs/promises'
import { EcomdbError, systemCode } from '#core/errors'

/**
 * Refuses a data directory that could not be handed over when all is restored, which takes hours: one of somebody else, who
 * is not given files but by root; and a link to what is not there.
 *
 * @param folder absolute; it need not be there
 * @param uid of this process
 * @throws EcomdbError USAGE: nothing was changed
 */
export async function refuseFolder(
  folder: string,
  uid: number | undefined = process.getuid?.(),
): Promise<void> {
  const there = await orNull(lstat(folder))
  if (!there) return
  const at = there.isSymbolicLink() ? await orNull(stat(folder)) : there
  if (!at) {
    throw new EcomdbError('USAGE', {
      what: `cannot restore into ${folder}`,
      why: `it is a link to ${await readlink(folder)}, which is not there`,
      hints: ['make that directory first, or mount its disk', 'nothing was changed'],
    })
  }
  if (uid === undefined || uid === 0 || at.uid === uid) return
  throw new EcomdbError('USAGE', {
    what: `cannot restore into ${folder}`,
    why: `it belongs to user ${at.uid}, and this is user ${uid}: only root may give the files to somebody else`,
    hints: [
      'run the restore as root, or as the owner of the directory',
      'or give a directory that does not exist yet, and hand it over afterwards with chown',
      'nothing was changed',
    ],
  })
}

async function orNull<Stats>(looking: Promise<Stats>): Promise<Stats | null> {
  return await looking.catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return null
    throw error
  })
}
