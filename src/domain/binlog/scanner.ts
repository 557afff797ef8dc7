import type { EngineFamily } from '../engine-family.ts'
import {
  bodyOf,
  checkChecksum,
  EVENT,
  type EventHeader,
  type FileFormat,
  isIgnorable,
  readFormat,
  readHeader,
  readQuery,
  unreadable,
} from './event.ts'
import {
  type GtidEvent,
  readGtidList,
  readMariadbGtid,
  readMysqlGtid,
  readPreviousGtids,
} from './gtid-event.ts'
import { parseHistory } from './gtid-history.ts'
import type { GtidHistory } from './history.ts'
import { readTaggedGtid } from './tagged-gtid.ts'

/** A transaction that has begun and not ended yet: where a segment was cut in its middle. */
export interface OpenTransaction {
  /** Offset of its first event. */
  from: number
  gtid: string | null
  /** Where it will end; null where only its last event tells (MariaDB). */
  to: number | null
  standalone: boolean
  /** Microseconds since 1970: when it was committed, as far as it is known yet. */
  committedUs: number
}

/** A whole transaction: from <= offset < to in its file. */
export interface Transaction {
  gtid: string | null
  from: number
  to: number
  /**
   * Microseconds since 1970. MySQL: when it was committed. MariaDB: the latest second in which
   * one of its statements began, COMMIT among them.
   */
  committedUs: number
}

/** What a scanner has to know to go on where another one stopped, in the middle of a file. */
export interface ScanStart {
  format: FileFormat
  /** GTIDs before `open`. */
  gtids: string
  open: OpenTransaction | null
}

/**
 * Reads the events of one binary log file in order and finds its transactions: where each
 * begins and ends, its GTID and its time. Nothing inside of them is looked at.
 */
export class BinlogScanner {
  readonly engine: EngineFamily
  /** All transactions that have ended. */
  gtids: GtidHistory
  format: FileFormat | null
  open: OpenTransaction | null
  /** The end of the newest transaction, or of what stands between two; null before the first. */
  border: number | null = null
  readonly #file: string

  /** @param start null at the beginning of a file */
  constructor(engine: EngineFamily, file: string, start: ScanStart | null) {
    this.engine = engine
    this.#file = file
    this.gtids = parseHistory(engine, start?.gtids ?? '')
    this.format = start?.format ?? null
    this.open = start?.open ?? null
  }

  /**
   * @param event one whole event
   * @param from its offset in the file
   * @returns the transaction that ends with it, or null
   * @throws EcomdbError OBJECT_DAMAGED, UNSUPPORTED
   */
  push(event: Buffer, from: number): Transaction | null {
    const header = readHeader(event)
    if (header.type === EVENT.format) this.format = readFormat(event)
    else if (!this.format) throw unreadable(`${this.#file} has no format description at its start`)
    else if (this.format.hasChecksums) checkChecksum(event, `${this.#file}:${from}`)
    checkPlace(header, this.#file, from)
    const to = from + event.length
    const begun = this.#begin(event, header)
    if (begun) {
      this.open = opened(begun, header, from)
      return this.#endAt(to)
    }
    if (this.open) {
      this.open.committedUs = Math.max(this.open.committedUs, this.#stamp(header))
      return this.#isLast(event, header, to) ? this.#close(to) : null
    }
    this.#between(event, header)
    this.border = to
    return null
  }

  #begin(event: Buffer, { type, serverId }: EventHeader): GtidEvent | null {
    const body = (): Buffer => bodyOf(event, this.#format())
    if (type === EVENT.gtid || type === EVENT.anonymousGtid) {
      return readMysqlGtid(body(), type === EVENT.anonymousGtid)
    }
    if (type === EVENT.taggedGtid) return readTaggedGtid(body())
    return type === EVENT.mariadbGtid ? readMariadbGtid(body(), serverId) : null
  }

  /** A transaction that is its GTID event alone does not occur, but its length may say so. */
  #endAt(to: number): Transaction | null {
    return this.open?.to === to ? this.#close(to) : null
  }

  /** Does the open transaction end with this event? */
  #isLast(event: Buffer, { type }: EventHeader, to: number): boolean {
    const { open } = this
    if (!open) return false
    if (open.to !== null) {
      if (to > open.to) throw unreadable(`${this.#file}:${open.from} is longer than it says`)
      return to === open.to
    }
    if (type === EVENT.xid || type === EVENT.xaPrepare) return true
    if (type === EVENT.compressedQuery) return open.standalone
    if (type !== EVENT.query) return false
    return open.standalone || ENDING.test(readQuery(bodyOf(event, this.#format())))
  }

  #close(to: number): Transaction | null {
    const { open } = this
    if (!open) return null
    this.open = null
    this.border = to
    if (open.gtid) this.gtids.record(open.gtid)
    return { gtid: open.gtid, from: open.from, to, committedUs: open.committedUs }
  }

  #between(event: Buffer, { type }: EventHeader): void {
    const body = (): Buffer => bodyOf(event, this.#format())
    if (type === EVENT.previousGtids) this.gtids = readPreviousGtids(body())
    else if (type === EVENT.gtidList) this.gtids = readGtidList(body())
    else if (type === EVENT.startEncryption && !isIgnorable(event)) {
      throw unreadable('it is encrypted')
    } else if (WITHIN.has(type)) {
      throw unreadable(`${this.#file} has an event of type ${type} outside of a transaction`)
    }
  }

  #stamp({ timestamp }: EventHeader): number {
    return this.engine === 'mariadb' ? timestamp * 1_000_000 : 0
  }

  #format(): FileFormat {
    if (!this.format) throw unreadable('there is no format description')
    return this.format
  }
}

/** Statements that end a MariaDB transaction which is not standalone. */
const ENDING = /^(?:COMMIT|ROLLBACK)$|^XA (?:COMMIT|ROLLBACK)\b/

/** Statements and rows: these must stand behind a GTID event. */
const WITHIN: ReadonlySet<number> = new Set([
  ...[EVENT.query, EVENT.compressedQuery, EVENT.xid, EVENT.tableMap],
  ...[23, 24, 25, 30, 31, 32, 39, EVENT.transactionPayload],
])

function opened(begun: GtidEvent, { timestamp }: EventHeader, from: number): OpenTransaction {
  return {
    from,
    gtid: begun.gtid,
    to: begun.bytes === null ? null : from + begun.bytes,
    standalone: begun.standalone,
    committedUs: begun.committedUs ?? timestamp * 1_000_000,
  }
}

/**
 * An event says where the next one begins. Where that is another place, bytes of the server's
 * file are missing here, and its offsets would not be ours.
 */
function checkPlace({ nextPosition, size }: EventHeader, file: string, from: number): void {
  if (nextPosition === 0 || nextPosition === (from + size) % 2 ** 32) return
  throw unreadable(
    `the event at ${file}:${from} says that it ends at ${nextPosition}: the server left something out`,
  )
}
