import type { Position } from '#domain/backup/position'
import { begunAt } from '#domain/binlog/event'
import type { Engine } from '#engine/engine'
import type { ConnectOptions } from '#engine/session'
import { requireSameSource } from '../same-source.ts'

/** How long the server may take to send the first event of a file. */
const FIRST_EVENT_MS = 5000

/**
 * A place in the log with the time at which the server began that file: two logs may have files of one name,
 * and the same GTIDs and places in them (a log that was reset; two MySQL servers of one server_uuid).
 * Where the account may not read the log, its tool is missing here, the file is gone already or another server
 * answers by now, it is not known: such a snapshot is told by the rest, as are those that older versions made.
 *
 * @param sourceId the server whose place it is
 * @param consistentAt ISO 8601: the moment of the snapshot
 */
export async function withBeginOfFile(
  where: { engine: Engine; connect: ConnectOptions },
  sourceId: string,
  position: Position,
  consistentAt: string,
): Promise<Position> {
  const { file } = position
  if (file === null) return position
  const begun = await beginOfFile(where, sourceId, file)
  // What was begun after the snapshot is another log's: it was reset meanwhile.
  return { ...position, begunAt: begun !== null && begun <= consistentAt ? begun : null }
}

/** ISO 8601: when a server began a file of its log; null where that is not known. */
export async function beginOfFile(
  { engine, connect }: { engine: Engine; connect: ConnectOptions },
  sourceId: string,
  file: string,
): Promise<string | null> {
  try {
    const begun = await beginOf(engine, connect, file)
    await requireSameSource({ engine, connect }, sourceId)
    return begun
  } catch {
    return null
  }
}

async function beginOf(
  engine: Engine,
  connect: ConnectOptions,
  file: string,
): Promise<string | null> {
  const feed = await engine.binaryLog.read({
    connect,
    file,
    files: [file],
    offset: 4,
    follow: false,
  })
  try {
    const first = await feed.next(FIRST_EVENT_MS)
    return first.kind === 'event' ? begunAt(first.bytes) : null
  } finally {
    await feed.close()
  }
}
