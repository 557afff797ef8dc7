import { EcomdbError } from '#core/errors'
import type { Secret } from '#core/secret'
import { tailMark } from '#crypto/object-id'
import { type EventHeader, type FileFormat, readFormat, readHeader } from '#domain/binlog/event'
import { parseHistory } from '#domain/binlog/gtid-history'
import type { BinlogSegment, StretchBegin } from '#domain/binlog/segment'
import { fileNumber, filesOfOneLog, type HashedSegment } from '#domain/binlog/stretch'
import type { BinlogFeed, BinlogServer } from '#engine/binlog'
import type { Engine } from '#engine/engine'
import type { ConnectOptions } from '#engine/session'

/** The feed of a server's log from the archive's end on, or from the log's beginning. */
export type FoundHead =
  | {
      kind: 'follows'
      head: HashedSegment
      format: FileFormat
      /** What the server was called when it began the head's file. */
      fileServerId: number
      /** Of the head's last event. */
      last: EventHeader
      feed: BinlogFeed
    }
  | { kind: 'begins'; begin: StretchBegin; feed: BinlogFeed; file: string }

export interface HeadOptions {
  engine: Engine
  connect: ConnectOptions
  dedupKey: Secret
  follow: boolean
}

interface ReadPlace extends HeadOptions {
  files: readonly string[]
}

/** How long the server may take to send the first event. */
const FIRST_EVENT_MS = 60_000

/**
 * Finds the stretch that the server's log continues: the newest, where its last event is still
 * at its place, byte for byte. No name and no number is believed for it: two MariaDB servers on a
 * host may have the same, and a server that was reset or restored keeps its own.
 */
export async function findHead(
  place: HeadOptions,
  server: BinlogServer,
  heads: readonly HashedSegment[],
): Promise<FoundHead> {
  const files = filesOfOneLog(server.files.map(({ name }) => name))
  const options = { ...place, files }
  // Where an older one goes on again, the server has logged elsewhere since, and that is not in this log.
  const head = heads.at(-1)
  const goesOn = head && (await tryHead(options, server, head))
  if (goesOn) return goesOn
  const file = files[0] ?? server.end.file
  const feed = await open(options, file, 4)
  return { kind: 'begins', begin: beginOf(server, heads, file), feed, file }
}

async function tryHead(
  options: ReadPlace,
  server: BinlogServer,
  head: HashedSegment,
): Promise<FoundHead | null> {
  const { file, to, tail } = head.segment
  const there = server.files.find(({ name }) => name === file)
  if (!tail || !there || !options.files.includes(file) || there.bytes < to) return null
  const feed = await open(options, file, tail.offset)
  try {
    const found = await formatAt(feed, tail, options.dedupKey)
    if (found) return { kind: 'follows', head, ...found, feed }
  } catch (error) {
    if (!isAnotherLog(error)) {
      await feed.close()
      throw error
    }
  }
  await feed.close()
  return null
}

/** Of another log no event begins at this place, or what does is none. */
function isAnotherLog(error: unknown): boolean {
  const codes = ['SERVER_REFUSED', 'UNSUPPORTED', 'OBJECT_DAMAGED']
  return error instanceof EcomdbError && codes.includes(error.code)
}

/** The file's format, and the event's type, when the event that comes first is the archive's last; else null. */
async function formatAt(
  feed: BinlogFeed,
  tail: NonNullable<BinlogSegment['tail']>,
  dedupKey: Secret,
): Promise<Pick<FoundHead & { kind: 'follows' }, 'format' | 'fileServerId' | 'last'> | null> {
  let described: Buffer | null = null
  for (;;) {
    const item = await feed.next(FIRST_EVENT_MS)
    if (item.kind === 'format') described = item.bytes
    else if (item.kind !== 'event') return null
    else {
      const same = item.bytes.length === tail.bytes && tailMark(dedupKey, item.bytes) === tail.hmac
      if (!same) return null
      const begin = described ?? item.bytes
      const fileServerId = readHeader(begin).serverId
      return { format: readFormat(begin), fileServerId, last: readHeader(item.bytes) }
    }
  }
}

/** Why the newest stretch does not go on. */
function beginOf(
  server: BinlogServer,
  heads: readonly HashedSegment[],
  firstFile: string,
): StretchBegin {
  const newest = heads.at(-1)?.segment
  if (!newest) return { reason: 'first', after: null }
  const after = { stretchId: newest.stretchId, sequence: newest.sequence }
  const history = parseHistory(newest.engine, server.gtids)
  const purged = fileNumber(firstFile) > fileNumber(newest.file)
  const grown = history.covers(newest.gtidsAfter)
  return { reason: purged && grown ? 'gap' : 'history', after }
}

async function open(
  { engine, connect, follow, files }: ReadPlace,
  file: string,
  offset: number,
): Promise<BinlogFeed> {
  return await engine.binaryLog.read({ connect, files, file, offset, follow })
}
