import { EcomdbError } from '#core/errors'
import { parseHistory } from '#domain/binlog/gtid-history'
import type { BinlogSegment } from '#domain/binlog/segment'
import type { HashedSegment } from '#domain/binlog/stretch'
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
  /** Whose snapshot is restored. */
  sourceId: string
}

/**
 * For a restore that is not logged, before it changes anything, and when it has changed all. The log of the server goes on where it was, and its next
 * statements are about other rows than before: where it is archived, the log itself has to say so: what
 * leads over its end from a snapshot that was taken meanwhile lacks the rest.
 *
 * @returns findings
 * @throws EcomdbError of the connection, the target
 */
export async function noteInOwnLog(
  place: OwnLogPlace,
  session: Session,
  log: LogArchivePlace,
): Promise<string[]> {
  const server = await observed(place.engine, session)
  if (server === 'hidden') return await noteUnseen(place.engine, session, log)
  if (server === null) return []
  const heads = await headsOf(log, server.sourceId)
  // Also where the archive has a log of before. Of a server of which nothing is archived nobody knows: MariaDB's of one host have one name.
  if (heads?.length === 0) return []
  const isNoted = await place.engine.binaryLog.noteRestore(session)
  if (!(await goesOn(place, server, heads?.at(-1)?.segment))) return isNoted ? [] : [UNMARKED]
  const told = isNoted
    ? 'the archiver tells (13), and `backup window` has a GAP'
    : 'which `backup window` does not tell'
  return [
    `this is the server whose log is archived, and what was restored is not in its log (--binlog): no moment from now on can be restored from a snapshot of before, ${told}: take a new one before the server is used, \`ecomdb backup logical\``,
  ]
}

/** The account may not see the log, and needs no right to have it noted there. */
async function noteUnseen(
  engine: Engine,
  session: Session,
  log: LogArchivePlace,
): Promise<string[]> {
  const sourceId = await engine.logicalReader.sourceId(session)
  const heads = await headsOf(log, sourceId)
  if (heads?.length === 0) return sourceId === log.sourceId ? [hidden(UNTOLD)] : []
  return [hidden((await engine.binaryLog.noteRestore(session)) ? TOLD : UNTOLD)]
}

/**
 * Does a server go on with the log that was archived of it? Another one may go by its name, as all of MariaDB's on one host may, and have a
 * file of that name, that length and such GTIDs: then it began that file at another time.
 */
async function goesOn(
  { engine, connect }: OwnLogPlace,
  server: BinlogServer,
  head: BinlogSegment | undefined,
): Promise<boolean> {
  const file = head && server.files.find(({ name }) => name === head.file)
  if (!head || !file || file.bytes < head.to) return false
  if (!parseHistory(head.engine, server.gtids).covers(head.gtidsAfter)) return false
  const begun = head.begunAt
    ? await beginOfFile({ engine, connect }, server.sourceId, head.file)
    : null
  return begun === null || begun === head.begunAt
}

/** null: there may be some that are not believed, or not readable, which is told by whoever goes on with them, and stops no restore. */
async function headsOf(
  { archive, signers }: LogArchivePlace,
  sourceId: string,
): Promise<HashedSegment[] | null> {
  try {
    return await (await BinlogArchive.open(archive)).heads(sourceId, signers)
  } catch (error) {
    if (error instanceof EcomdbError && NOT_BELIEVED.includes(error.code)) return null
    throw error
  }
}

const NOT_BELIEVED = [
  ...['SIGNATURE_INVALID', 'REPOSITORY_VERSION', 'UNSUPPORTED', 'OBJECT_DAMAGED'],
  ...['STORAGE_FAILED', 'TARGET_UNAVAILABLE'],
]

const LACKS = 'where it is archived, what was restored is not in it (--binlog)'
const TAKE = 'take a snapshot before the server is used, `ecomdb backup logical`'
const UNTOLD = `${LACKS}, and nothing tells; ${TAKE}`
const TOLD = `${LACKS}, the archiver tells (13), and \`backup window\` has a GAP; ${TAKE}`
const hidden = (what: string): string =>
  `the account may not see the binary log of this server: ${what}`
const UNMARKED = `the binary log of a replica does not say that it lacks something: ${UNTOLD}`

/** null: it writes no log, or none that an archiver takes. */
async function observed(engine: Engine, session: Session): Promise<BinlogServer | 'hidden' | null> {
  try {
    return await engine.binaryLog.observe(session)
  } catch (error) {
    if (!(error instanceof EcomdbError)) throw error
    if (error.code === 'PRIVILEGE_MISSING') return 'hidden'
    if (error.code === 'UNSUPPORTED') return null
    throw error
  }
}
