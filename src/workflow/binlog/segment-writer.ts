import type { Secret } from '#core/secret'
import { tailMark } from '#crypto/object-id'
import { begunAt, closedFormat, EVENT, FILE_MAGIC, readHeader } from '#domain/binlog/event'
import { GtidSet } from '#domain/binlog/gtid-set'
import { spanOf } from '#domain/binlog/honest-times'
import { BinlogScanner, type ScanStart } from '#domain/binlog/scanner'
import {
  type BinlogSegment,
  isoOfMicros,
  microsOfIso,
  type SegmentTail,
  type StretchBegin,
} from '#domain/binlog/segment'
import { type HashedSegment, isAtLeast, type LogPlace } from '#domain/binlog/stretch'
import type { EngineFamily } from '#domain/engine-family'
import type { BinlogServer } from '#engine/binlog'
import type { BinlogArchive, SegmentFacts, SegmentKeys } from '#repository/binlog-archive'
import { elsewhereText, NOTED, PUT_BACK, UNLOGGED } from './hole-texts.ts'
import { holeBehind } from './mark-hole.ts'

/** zstd compresses blocks of this size side by side. */
const BLOCK_BYTES = 4 * 1024 * 1024

type Hole = 'unlogged' | 'elsewhere' | 'put-back'

/** The stretch that is written, and where it stands. */
export interface WrittenStretch {
  engine: EngineFamily
  server: BinlogServer
  stretchId: string
  /** The newest segment, or why the stretch begins. */
  head: HashedSegment | StretchBegin
}

/** The end of the server's log, and the server's time before it was asked for. */
export type Observation = Pick<BinlogServer, 'end' | 'timeUs' | 'purged' | 'flushedLsn'>

/** What one run has stored. */
export interface Written {
  segments: number
  transactions: number
  bytes: number
  storedBytes: number
}

/**
 * Gathers the events of a binary log into segments of one stretch, and stores them. Calls
 * follow one another; only `finish` may come while another one runs.
 */
export class SegmentWriter {
  /** Where the server says, first in this run, that its log lacks something. */
  incident: (LogPlace & { why: Hole | keyof typeof NOTED; gtids: string }) | null = null
  /** How far InnoDB's log was when the head was stored; as long as not all has come that was logged before this writer began. */
  #lsnBefore: { lsn: number | null } | null
  #isPutBackNoted = false
  /** The first segment that this run has stored. */
  first: BinlogSegment | null = null
  readonly written: Written = { segments: 0, transactions: 0, bytes: 0, storedBytes: 0 }
  readonly #archive: BinlogArchive
  readonly #keys: SegmentKeys & { dedupKey: Secret }
  readonly #stretch: WrittenStretch
  #head: WrittenStretch['head']
  #scanner: BinlogScanner
  #file = ''
  #begunAt: string | null = null
  #crashed = false
  #unseen: BinlogSegment['unseen'] | null = null
  #elsewhere: GtidSet | null = null
  #from = 0
  #held: { bytes: Buffer; offset: number }[] = []
  #heldBytes = 0
  #span = new Span()
  #tail: SegmentTail | null = null
  /** The server's end at a moment, not reached yet when it was asked for. */
  #ahead: Observation | null = null
  /** The server's clock, when it was asked last: microseconds since 1970, and milliseconds of the monotonic clock. */
  #looked: { us: number; ms: number; lsn: number | null }
  #storing: Promise<void> = Promise.resolve()
  #finished = false
  /** A segment may have been stored, or may be yet, whose answer did not come: its number is not used again. */
  #isUnsure = false

  constructor(
    archive: BinlogArchive,
    keys: SegmentKeys & { dedupKey: Secret },
    stretch: WrittenStretch,
  ) {
    this.#archive = archive
    this.#keys = keys
    this.#stretch = stretch
    this.#head = stretch.head
    const known = this.head?.segment.elsewhere
    this.#elsewhere = known === undefined ? null : GtidSet.parse(known)
    this.#scanner = new BinlogScanner(stretch.engine, '', null)
    this.#looked = this.#seenNow(stretch.server)
    this.#lsnBefore = { lsn: this.head?.segment.flushedLsn ?? null }
  }

  /** The newest segment that is stored; null before the first. */
  get head(): HashedSegment | null {
    return 'segment' in this.#head ? this.#head : null
  }

  /** Bytes that are not stored yet. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Is all that is held whole transactions? */
  get isAtBorder(): boolean {
    return this.#scanner.open === null
  }

  /** The end of all that was added, stored or not. */
  get place(): LogPlace {
    const magic = this.#from === 0 && this.#heldBytes > 0 ? FILE_MAGIC.length : 0
    return { file: this.#file, offset: this.#from + magic + this.#heldBytes }
  }

  /** Is the end of the file stored already, by an earlier run? */
  get hasEndedFile(): boolean {
    return this.#heldBytes === 0 && this.head?.segment.nextFile != null && this.#from > 0
  }

  /** Goes on behind the head, in the middle of its file. */
  resume(file: string, start: ScanStart, tail: SegmentTail): void {
    const scanner = new BinlogScanner(this.#stretch.engine, file, start)
    this.#begin(file, tail.offset + tail.bytes, scanner)
    this.#tail = tail
    this.#begunAt = this.head?.segment.begunAt ?? null
    this.#span.gtidsBefore = start.gtids
  }

  beginFile(file: string): void {
    this.#begin(file, 0, new BinlogScanner(this.#stretch.engine, file, null))
  }

  /** @throws EcomdbError OBJECT_DAMAGED, UNSUPPORTED; `finish` still stores what came before */
  add(offset: number, bytes: Buffer): void {
    if (this.#finished) return
    const isFormat = readHeader(bytes).type === EVENT.format
    const event = isFormat ? closedFormat(bytes) : bytes
    if (isFormat && offset === FILE_MAGIC.length) this.#begunAt = begunAt(bytes)
    const ended = this.#scanner.push(event, offset)
    // A transaction has begun, and is not in the history before it has ended.
    if (this.#scanner.open) this.#span.gtidsBefore ??= this.#scanner.gtids.toString()
    this.#held.push({ bytes: event, offset })
    this.#heldBytes += event.length
    if (ended) this.#span.times.push(ended.committedUs)
    if (this.isAtBorder) {
      this.#span.events = this.#held.length
      this.#span.border = offset + event.length
    }
  }

  /**
   * Stores all that is held.
   * @param nextFile where the server's file has ended: the name of the next one
   * @param seen asked just now
   */
  async close(nextFile: string | null, seen: Observation | null): Promise<void> {
    if (this.#finished) return
    if (seen) this.#looked = this.#seenNow(seen)
    await this.#inOrder(() => this.#store(this.#held.length, nextFile, seen))
  }

  /** The log says at this offset that it lacks something: stores what is held, up to there. */
  async noteIncident(offset: number, why: keyof typeof NOTED): Promise<void> {
    if (this.#finished) return
    this.incident ??= { file: this.#file, offset, why, gtids: '' }
    // A run before this one may have come just so far.
    if (this.#heldBytes === 0 && this.head?.segment.hole === NOTED[why]) return
    await this.#inOrder(() => this.#store(this.#held.length, null, null, NOTED[why]))
  }

  /** The server logged nothing between the file before and this one, of which nothing is held yet. */
  async noteUnlogged(): Promise<void> {
    await this.#noteHole('unlogged', '', UNLOGGED)
  }

  /**
   * The server was started, by which it began this file, of which nothing is held yet: its data files were put back before that, where
   * InnoDB's log was at its last start not as far as when the head was stored. This log does not tell, and goes on.
   */
  async noteStart(): Promise<void> {
    await this.#notePutBack(this.#stretch.server.startLsn)
  }

  /** All has come that the server had logged when this writer began. */
  async caughtUp(): Promise<void> {
    if (!this.#isPutBackNoted) await this.#notePutBack(this.#stretch.server.flushedLsn)
    this.#lsnBefore = null
  }

  async #notePutBack(lsn: number | null): Promise<void> {
    const before = this.#lsnBefore?.lsn ?? null
    if (before === null || lsn === null || lsn >= before) return
    this.#isPutBackNoted = true
    await this.#noteHole('put-back', '', PUT_BACK)
  }

  /**
   * Transactions that the server has had, and has in no file of its log any more. What of them is in no archived
   * one either, and was not there before, it has logged elsewhere, or lost.
   *
   * @param purged of when its log ended where this writer is, or before that
   */
  async noteElsewhere(purged: string): Promise<void> {
    if (this.#stretch.engine !== 'mysql' || this.#finished) return
    const now = GtidSet.parse(purged).minus(GtidSet.parse(this.#scanner.gtids.toString()))
    const added = this.#elsewhere ? now.minus(this.#elsewhere) : new GtidSet()
    this.#elsewhere = now
    if (!added.isEmpty()) await this.#noteHole('elsewhere', `${added}`, elsewhereText(`${added}`))
  }

  async #noteHole(why: Hole, gtids: string, hole: string): Promise<void> {
    const { head } = this
    if (this.#finished || !head || head.segment.hole != null) return
    const { file, to: offset } = head.segment
    this.incident ??= { file, offset, why, gtids }
    await this.#inOrder(async () => {
      this.#head = await this.#append({ ...holeBehind(head, hole), ...this.#known() }, [])
      this.first ??= this.#head.segment
      this.written.segments += 1
    })
  }

  /** The server went down without closing the file before this one, of which nothing is stored yet. */
  noteCrash(): void {
    this.#crashed = true
  }

  /** Before the start by which the server began this file, of which nothing is stored yet, nobody has seen it for long. */
  noteUnseen(unseen: NonNullable<BinlogSegment['unseen']>): void {
    this.#unseen = unseen
  }

  /** Drops what is held: it may have come when the log did not have all any more. */
  discard(): void {
    this.#finished = true
    this.#span = new Span()
    this.#held = []
    this.#heldBytes = 0
  }

  /**
   * Stores whole transactions and drops the rest: for an end that comes unexpectedly. Whatever
   * the reader still brings does not follow what is stored, and is not taken.
   */
  async finish(): Promise<void> {
    this.#finished = true
    await this.#inOrder(async () => {
      if (this.#span.events > 0 && !this.#isUnsure) await this.#store(this.#span.events, null, null)
      this.#held = []
      this.#heldBytes = 0
    })
  }

  async #inOrder(work: () => Promise<void>): Promise<void> {
    this.#storing = this.#storing.catch(() => {}).then(work)
    await this.#storing
  }

  async #store(
    events: number,
    nextFile: string | null,
    seen: Observation | null,
    hole: string | null = null,
  ): Promise<void> {
    const taken = this.#held.slice(0, events)
    const magic = this.#from === 0 && taken.length > 0 ? [FILE_MAGIC] : []
    const bytes = Buffer.concat([...magic, ...taken.map(event => event.bytes)])
    const last = taken.at(-1)
    if (last) {
      const hmac = tailMark(this.#keys.dedupKey, last.bytes)
      this.#tail = { offset: last.offset, bytes: last.bytes.length, hmac }
    }
    const to = this.#from + bytes.length
    // Where nothing is held, what is stored may end within a transaction.
    const whole = events > 0 ? events === this.#span.events : this.isAtBorder
    const facts = { ...this.#facts(to, nextFile, seen, whole), hole }
    const stored = await this.#append(facts, blocksOf(bytes))
    this.#head = stored
    this.first ??= stored.segment
    this.#held = this.#held.slice(events)
    this.#heldBytes -= bytes.length - (magic.length > 0 ? FILE_MAGIC.length : 0)
    this.#from = to
    this.#span = new Span()
    this.#span.gtidsBefore = facts.gtidsAfter
    this.written.segments += 1
    this.written.transactions += facts.transactions
    this.written.bytes += bytes.length
    this.written.storedBytes += stored.segment.object?.bytes ?? 0
  }

  async #append(facts: SegmentFacts, blocks: readonly Buffer[]): Promise<HashedSegment> {
    try {
      return await this.#archive.append(facts, blocks, this.#keys)
    } catch (error) {
      this.#isUnsure = true
      throw error
    }
  }

  #facts(
    to: number,
    nextFile: string | null,
    seen: Observation | null,
    whole: boolean,
  ): SegmentFacts {
    const { server, engine, stretchId } = this.#stretch
    const { sourceId, serverVersion, serverUuid, serverId, lax } = server
    const { border, times, gtidsBefore } = this.#span
    const { us, ms } = this.#looked
    const nowUs = us + Math.round((this.#keys.clock.monotonicMs() - ms) * 1000)
    const before = this.head?.segment.lastAt ?? null
    const { firstUs, lastUs } = spanOf(times, nowUs, before === null ? null : microsOfIso(before))
    const gtidsAfter = this.#scanner.gtids.toString()
    return {
      ...{ sourceId, engine, serverVersion, serverUuid, serverId, stretchId },
      sequence: (this.head?.segment.sequence ?? 0) + 1,
      previousSha256: this.head?.sha256 ?? null,
      begins: 'segment' in this.#head ? null : this.#head,
      ...{ file: this.#file, begunAt: this.#begunAt, from: this.#from, to, border },
      open: whole ? null : this.#scanner.open,
      ...{ nextFile, transactions: times.length },
      firstAt: firstUs === null ? null : isoOfMicros(firstUs),
      lastAt: lastUs === null ? null : isoOfMicros(lastUs),
      gtidsBefore: gtidsBefore ?? gtidsAfter,
      gtidsAfter,
      knownUntil: whole ? this.#knownUntil(to, seen) : null,
      ...(this.#crashed && this.#from === 0 ? { crashed: true } : {}),
      ...(lax.length > 0 ? { lax } : {}),
      ...(this.#unseen && this.#from === 0 ? { unseen: this.#unseen } : {}),
      ...this.#known(),
      tail: this.#tail,
    }
  }

  #seenNow({ timeUs, flushedLsn }: Pick<Observation, 'timeUs' | 'flushedLsn'>) {
    // A server that does not say has not forgotten it either.
    const lsn = flushedLsn ?? this.head?.segment.flushedLsn ?? null
    return { us: timeUs, ms: this.#keys.clock.monotonicMs(), lsn }
  }

  #known(): Pick<SegmentFacts, 'elsewhere' | 'flushedLsn'> {
    // What is behind this segment may be of an earlier start, by which the present one is not to be judged.
    const { lsn } = this.#lsnBefore ?? this.#looked
    return {
      ...(this.#elsewhere ? { elsewhere: `${this.#elsewhere}` } : {}),
      ...(lsn === null ? {} : { flushedLsn: lsn }),
    }
  }

  /** The latest of the server's times at which its log ended here, or before. */
  #knownUntil(to: number, seen: Observation | null): string | null {
    const here: LogPlace = { file: this.#file, offset: to }
    const reached = [this.#ahead, seen].filter(one => one !== null && isAtLeast(here, one.end))
    if (this.#ahead && isAtLeast(here, this.#ahead.end)) this.#ahead = null
    if (seen && !isAtLeast(here, seen.end)) this.#ahead ??= seen
    const latest = reached.at(-1)
    return latest ? isoOfMicros(latest.timeUs) : null
  }

  #begin(file: string, from: number, scanner: BinlogScanner): void {
    this.#file = file
    this.#begunAt = null
    this.#crashed = false
    this.#unseen = null
    this.#from = from
    this.#scanner = scanner
    this.#held = []
    this.#heldBytes = 0
    this.#tail = null
    this.#span = new Span()
  }
}

/** What is known of the whole transactions that are held. */
class Span {
  /** How many events they are. */
  events = 0
  border: number | null = null
  /** When each was committed: microseconds since 1970. */
  readonly times: number[] = []
  gtidsBefore: string | null = null
}

function blocksOf(bytes: Buffer): Buffer[] {
  const blocks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    blocks.push(bytes.subarray(at, at + BLOCK_BYTES))
  }
  return blocks
}
