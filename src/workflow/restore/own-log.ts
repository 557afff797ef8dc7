import { EcomdbError } from '#core/errors'
import { parseHistory } from '#domain/binlog/gtid-history'
import { inOrder } from '#domain/binlog/stretch'
import type { BinlogServer } from '#engine/binlog'
import type { Engine } from '#engine/engine'
import type { ConnectOptions, Session } from '#engine/session'
import type { BinlogArchive } from '#repository/binlog-archive'
import { beginOfFile } from '../backup/with-begin-of-file.ts'

/** No archiver can see it: the log goes on where it was, and its next statements are about other rows than before. */
export const NOT_IN_LOG =
  'this is the server whose log is archived, and what was restored is not in its log (--binlog): no moment from now on can be restored from a snapshot of before, which `backup window` does not tell: take a new one before the server is used, `ecomdb backup logical`'

/**
 * Does a server go on with the log that was archived of it? Another one may go by its name, as all of MariaDB's on one host may, and have a
 * file of that name, that length and such GTIDs: then it began that file at another time.
 *
 * @throws EcomdbError of the connection
 */
export async function hasArchivedLog(
  { engine, connect }: { engine: Engine; connect: ConnectOptions },
  session: Session,
  {
    archive,
    sourceId,
    signers,
  }: { archive: BinlogArchive; sourceId: string; signers: readonly string[] },
): Promise<boolean> {
  if ((await engine.logicalReader.sourceId(session)) !== sourceId) return false
  const server = await observed(engine, session)
  if (!server) return false
  const { stretches } = await archive.stretches(signers)
  const own = inOrder(stretches.filter(one => one.sourceId === sourceId))
  const head = own.at(-1)?.segments.at(-1)
  const file = head && server.files.find(({ name }) => name === head.file)
  if (!head || !file || file.bytes < head.to) return false
  if (!parseHistory(head.engine, server.gtids).covers(head.gtidsAfter)) return false
  const begun = head.begunAt ? await beginOfFile({ engine, connect }, sourceId, head.file) : null
  return begun === null || begun === head.begunAt
}

const NONE = ['UNSUPPORTED', 'PRIVILEGE_MISSING']

/** null: it writes no log, or none that an archiver takes; or the account may not see it. */
async function observed(engine: Engine, session: Session): Promise<BinlogServer | null> {
  try {
    return await engine.binaryLog.observe(session)
  } catch (error) {
    if (error instanceof EcomdbError && NONE.includes(error.code)) return null
    throw error
  }
}
