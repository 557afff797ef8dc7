import type { Clock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { throwIfInterrupted } from '#core/interruption'
import type { Progress } from '#core/progress'
import { isAfterCrash } from '#domain/binlog/crashes'
import { EVENT, type EventHeader, isOfServerStart, readHeader } from '#domain/binlog/event'
import type { BinlogSegment } from '#domain/binlog/segment'
import { isAtLeast, type LogPlace } from '#domain/binlog/stretch'
import { unseenBefore } from '#domain/binlog/unseen'
import type { BinlogFeed, FeedItem } from '#engine/binlog'
import type { Engine } from '#engine/engine'
import { isRestoredMark } from '#engine/restored-mark'
import type { ConnectOptions, Session } from '#engine/session'
import { requireSameSource } from '../same-source.ts'
import type { Observation, SegmentWriter } from './segment-writer.ts'
import type { Watch } from './watch.ts'

/** When segments are closed, at the end of a transaction. */
export interface SegmentLimits {
  /** Milliseconds after the first event, */
  segmentMs: number
  /** or when there are so many bytes. */
  segmentBytes: number
}

export interface ReadOptions extends SegmentLimits {
  engine: Engine
  connect: ConnectOptions
  /** Whose log it is. */
  sourceId: string
  /** What the server is called now, */
  serverId: number
  /** and when it began the file of the first event; null where that is at its begin. */
  fileServerId: number | null
  clock: Clock
  /** End when all is archived that the server has written by now. */
  untilNow: boolean
  feed: BinlogFeed
  /** The server's end before the feed was opened. */
  least: LogPlace
  writer: SegmentWriter
  session: Session
  /** Is told that the server went down without closing the file before, which may matter. */
  onCrash: (file: string) => void
  /** Is told how long nobody has seen the server before it was started. */
  onUnseen: (unseen: NonNullable<BinlogSegment['unseen']>) => void
  /** Since when this process has looked at the server again and again. */
  watch: Watch
  /** The event before the feed; null where there is none. */
  last: EventHeader | null
}

/** Between looks at the clock while nothing comes. */
const IDLE_MS = 250
/** How often an idle server's window is moved on. */
const MARK_MS = 300_000
/** The server is ahead for so long and sends nothing: the connection is dead. */
const STALLED_MS = 60_000

/**
 * Reads a feed into segments: until its end, until the server's end of now, or for ever.
 *
 * What the server has by now is stored as soon as it has come, also by a run that goes on: it may be
 * what a run before had held when it was killed, and one that is killed again and again before a
 * segment's time is over must not leave more and more unstored.
 *
 * @throws EcomdbError SERVER_LOST, TOOL_FAILED, OBJECT_DAMAGED, UNSUPPORTED, STORAGE_FAILED
 */
export async function readLog(options: ReadOptions, progress: Progress): Promise<void> {
  const reader = new LogReader(options, progress)
  let goal: Observation | null = await reader.observe()
  let { untilNow } = options
  for (;;) {
    throwIfInterrupted()
    const item = await reader.next()
    await reader.take(item)
    if (item.kind === 'end') return reader.requireAll(untilNow)
    if (options.writer.incident && !untilNow) {
      // It must be heard of, as soon as what came until now is archived.
      untilNow = true
      goal = await reader.observe()
    }
    if (!goal || !reader.isAt(goal)) continue
    await options.writer.caughtUp()
    await options.writer.noteElsewhere(goal.purged)
    if (untilNow) return await reader.close()
    if (options.writer.heldBytes > 0) await reader.close()
    goal = null
  }
}

const placeText = ({ file, offset }: LogPlace): string => `${file}:${offset}`

class LogReader {
  readonly #options: ReadOptions
  readonly #progress: Progress
  /** On the monotonic clock: when the open segment got its first event. */
  #openedMs: number
  /** When the last event came. */
  #movedMs: number
  #last: EventHeader | null
  #fileServerId: number
  /** The file before this one ended within an event. */
  #isTorn = false
  /** The feed is of the server that was looked at: what follows the archive's last event is. */
  #isOfSource: boolean

  constructor(options: ReadOptions, progress: Progress) {
    this.#options = options
    this.#progress = progress
    this.#last = options.last
    this.#fileServerId = options.fileServerId ?? options.serverId
    this.#isOfSource = options.last !== null
    this.#openedMs = options.clock.monotonicMs()
    this.#movedMs = this.#openedMs
  }

  /**
   * The server's end now.
   *
   * @throws EcomdbError SERVER_LOST where that is before what it has sent: its log was reset meanwhile. Its reader
   *   waits in the file that is gone, for ever where the new one has its name, and nothing comes.
   */
  async observe(): Promise<Observation> {
    const { engine, session, writer, watch } = this.#options
    const seen = await engine.binaryLog.observe(session)
    watch.answered()
    if (isAtLeast(seen.end, writer.place)) return seen
    throw new EcomdbError('SERVER_LOST', {
      what: 'the binary log became another one while it was read: it was reset, or this is another server',
      why: `it was read to ${placeText(writer.place)}, and the server is at ${placeText(seen.end)}`,
      hints: ['run the command again: it finds where the archive ends, and what is lost'],
    })
  }

  async next(): Promise<FeedItem> {
    this.#options.watch.beat()
    try {
      return await this.#options.feed.next(IDLE_MS)
    } catch (error) {
      // A file that is gone is refused: the log may have been reset, which is to be told as such.
      if (error instanceof EcomdbError && error.code === 'SERVER_REFUSED') await this.observe()
      throw error
    }
  }

  async take(item: FeedItem): Promise<void> {
    if (item.kind === 'event') await this.#take(item.offset, item.bytes)
    else if (item.kind === 'file-end') {
      await this.#changeFile(item.next)
      this.#isTorn = item.torn
    } else if (item.kind === 'end') await this.#close(null)
    if (item.kind !== 'end') await this.#closeIfDue(item.kind === 'idle')
  }

  /**
   * @throws EcomdbError SERVER_LOST where the tool has not given all that the server had before; or has ended at all,
   *   and is to follow: MariaDB ends whoever reads a log that is reset, or is killed, as if that were its end
   */
  requireAll(untilNow: boolean): void {
    const { least, writer } = this.#options
    const isWhole = isAtLeast(writer.place, least)
    if (isWhole && untilNow) return
    throw new EcomdbError('SERVER_LOST', {
      what: isWhole
        ? 'the server has ended what it sends of its binary log'
        : 'the binary log was not read to its end',
      why: `it was read to ${placeText(writer.place)}, and the server was at ${placeText(least)}`,
      hints: ['run the command again: it begins where the archive ends'],
    })
  }

  isAt({ end }: Pick<Observation, 'end'>): boolean {
    const { writer } = this.#options
    return writer.isAtBorder && isAtLeast(writer.place, end)
  }

  /** Stores what has come, in the middle of a file. */
  async close(): Promise<void> {
    await this.#close(null)
  }

  async #take(offset: number, bytes: Buffer): Promise<void> {
    const { writer, sourceId, serverId } = this.#options
    // Before anything of it is held: a log of another server would be taken for this one's.
    if (!this.#isOfSource) await requireSameSource(this.#options, sourceId)
    this.#isOfSource = true
    const header = readHeader(bytes)
    const { type } = header
    if (type === EVENT.format) this.#fileServerId = header.serverId
    const lastType = this.#last?.type ?? null
    if (type === EVENT.incident) await writer.noteIncident(offset, 'incident')
    else if (isRestoredMark(bytes, [serverId, this.#fileServerId]))
      await writer.noteIncident(offset, 'restored')
    // It went on from one file to the next, and yet that one was begun by a start of the server.
    const hasFailed = lastType === EVENT.rotate && type === EVENT.format
    if (hasFailed && isOfServerStart(bytes)) await writer.noteUnlogged()
    // What it could not write whole it has gone on without.
    if (this.#isTorn && type === EVENT.format && !isOfServerStart(bytes))
      await writer.noteUnlogged()
    this.#isTorn = false
    if (lastType !== null && isAfterCrash(lastType, bytes)) {
      writer.noteCrash()
      this.#options.onCrash(writer.place.file)
    }
    if (type === EVENT.format && isOfServerStart(bytes)) {
      await writer.noteStart()
      this.#noteUnseen(header)
    }
    this.#last = header
    this.#add(offset, bytes)
  }

  #noteUnseen({ timestamp }: EventHeader): void {
    const { writer, watch } = this.#options
    const known = writer.head?.segment.knownUntil ?? null
    if (!this.#last) return
    const lastMs = this.#last.timestamp * 1000
    const seen = [lastMs, known === null ? null : Date.parse(known)]
    const unseen = unseenBefore(timestamp * 1000, seen)
    // This process has seen it before that, and looked for it ever since.
    if (!unseen || watch.sinceMs <= Date.parse(unseen.from)) return
    writer.noteUnseen(unseen)
    this.#options.onUnseen(unseen)
  }

  #add(offset: number, bytes: Buffer): void {
    const { writer, clock } = this.#options
    this.#movedMs = clock.monotonicMs()
    if (writer.heldBytes === 0) this.#openedMs = this.#movedMs
    writer.add(offset, bytes)
    this.#progress.advance({ bytes: bytes.length })
  }

  async #changeFile(next: string): Promise<void> {
    const { writer } = this.#options
    // A run before this one may have come just so far.
    if (!writer.hasEndedFile) await this.#close(next)
    writer.beginFile(next)
  }

  async #closeIfDue(idle: boolean): Promise<void> {
    const { writer, segmentMs, segmentBytes, clock } = this.#options
    const { heldBytes, isAtBorder } = writer
    const ageMs = clock.monotonicMs() - this.#openedMs
    if (heldBytes > 0 && isAtBorder && (ageMs >= segmentMs || heldBytes >= segmentBytes)) {
      await this.#close(null)
    } else if (heldBytes >= 2 * segmentBytes) {
      // A transaction that is larger than a segment is cut between two of its events.
      await this.#close(null)
    } else if (idle && heldBytes === 0 && ageMs >= MARK_MS) await this.#close(null)
    if (idle) await this.#refuseStall()
  }

  async #close(nextFile: string | null): Promise<void> {
    const seen = await this.observe()
    if (this.isAt(seen)) await this.#options.writer.noteElsewhere(seen.purged)
    await this.#options.writer.close(nextFile, seen)
    this.#openedMs = this.#options.clock.monotonicMs()
  }

  async #refuseStall(): Promise<void> {
    const { clock, writer } = this.#options
    if (clock.monotonicMs() - this.#movedMs < STALLED_MS) return
    this.#movedMs = clock.monotonicMs()
    const { end } = await this.observe()
    if (isAtLeast(writer.place, end)) return
    throw new EcomdbError('SERVER_LOST', {
      what: 'the server sends nothing, although its binary log has grown',
      why: `it is at ${placeText(end)}, and ${placeText(writer.place)} has come`,
    })
  }
}
