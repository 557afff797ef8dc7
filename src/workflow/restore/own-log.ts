import { EcomdbError } from '#core/errors'
import { parseHistory } from '#domain/binlog/gtid-history'
import type { BinlogServer } from '#engine/binlog'
import type { Engine } from '#engine/engine'
import type { ConnectOptions, Session } from '#engine/session'
import { BinlogArchive } from '#repository/binlog-archive'
import type { Target } from '#target/target'
import { beginOfFile } from '../backup/with-begin-of-file.ts'

interface OwnLogPlace {
  engine: Engine
  connect: ConnectOptions
}

/** Where the log of a server may be archived, and whom to believe. */
interface LogArchivePlace {
  archive: Target
  signers: readonly string[]
}

/**
 * For a restore that is not logged, before it changes anything. The log of the server goes on where it was, and its next
 * statements are about other rows than before: where it is archived, the log itself has to say so.
 *
 * @returns findings
 * @throws EcomdbError of the connection, the target
 */
export async function noteInOwnLog(
  place: OwnLogPlace,
  session: Session,
  log: LogArchivePlace,
): Promise<string[]> {
  if (!(await hasArchivedLog(place, session, log))) return []
  const isNoted = await place.engine.binaryLog.noteRestore(session)
  const told = isNoted
    ? 'the archiver tells (13), and `backup window` has a GAP'
    : 'which `backup window` does not tell'
  return [
    `this is the server whose log is archived, and what was restored is not in its log (--binlog): no moment from now on can be restored from a snapshot of before, ${told}: take a new one before the server is used, \`ecomdb backup logical\``,
  ]
}

/**
 * Does a server go on with the log that was archived of it? Another one may go by its name, as all of MariaDB's on one host may, and have a
 * file of that name, that length and such GTIDs: then it began that file at another time.
 */
async function hasArchivedLog(
  { engine, connect }: OwnLogPlace,
  session: Session,
  { archive, signers }: LogArchivePlace,
): Promise<boolean> {
  const server = await observed(engine, session)
  if (!server) return false
  // One that is not believed is told by whoever goes on with it, and stops no restore.
  const heads = (await BinlogArchive.open(archive)).heads(server.sourceId, signers).catch(() => [])
  const head = (await heads).at(-1)?.segment
  const file = head && server.files.find(({ name }) => name === head.file)
  if (!head || !file || file.bytes < head.to) return false
  if (!parseHistory(head.engine, server.gtids).covers(head.gtidsAfter)) return false
  const begun = head.begunAt
    ? await beginOfFile({ engine, connect }, server.sourceId, head.file)
    : null
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
