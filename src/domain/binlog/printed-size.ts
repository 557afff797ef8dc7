import { bodyOf, EVENT, type FileFormat, readHeader, readQuery } from './event.ts'
import { isStatement } from './query-status.ts'

/** Rows of either engine; MySQL's of a part of a JSON document, too. */
const ROWS: ReadonlySet<number> = new Set([23, 24, 25, 30, 31, 32, 39])
/** MariaDB's log_bin_compress: rows that are made, changed, removed, and the same of the second version. */
const COMPRESSED_ROWS: readonly number[] = [166, 167, 168, 169, 170, 171]
/** Behind the number of the table. */
const ROWS_FLAGS_AT = 6
const ENDS_STATEMENT = 0x01
/** An update has two lists of columns. */
const UPDATES = 1

/** Base64 in lines of 76 characters, and what an event has besides in the tools' output; measured: 1.364. */
const BASE64 = 1.4
/** Letters of a user variable are two hexadecimal digits. */
const HEXADECIMAL = 2
/** Names, comments, and who gave a statement, which is spelled out. */
const BESIDES = 2048

/**
 * How large the engines' tools print a log: all rows that a statement has changed are one statement of base64.
 * In bytes.
 *
 * Sources: MySQL's libs/mysql/binlog/event/rows_event.h and compression/payload_event.h, MariaDB's sql/log_event.h
 * and binlog_buf_compress.
 */
export class PrintedSize {
  /** The longest statement that is sent to a server. */
  longest = 0
  /** The largest event: no value in it is longer. */
  largestEvent = 0
  #rows = 0

  /** Whole events, in the order of the log. */
  look(events: Buffer, format: FileFormat): void {
    for (let at = 0; at < events.length; ) {
      const { size, type } = readHeader(events, at)
      const body = bodyOf(events.subarray(at, at + size), format)
      const bytes = size - body.length + lengthOf(body, type)
      this.largestEvent = Math.max(this.largestEvent, bytes)
      this.#print(body, type, bytes)
      at += size
    }
  }

  #print(body: Buffer, type: number, bytes: number): void {
    if (isStatement(type)) this.#sent(bytes)
    else if (type === EVENT.userVariable) this.#sent(bytes * HEXADECIMAL)
    // Of a transaction, of which all may be of one statement.
    else if (type === EVENT.transactionPayload) this.#sent(bytes * BASE64)
    else if (isOfRows(type)) {
      this.#rows += bytes * BASE64
      this.#sent(this.#rows)
      const isRows = type !== EVENT.tableMap
      if (isRows && (body.readUInt16LE(ROWS_FLAGS_AT) & ENDS_STATEMENT) !== 0) this.#rows = 0
    }
  }

  #sent(bytes: number): void {
    this.longest = Math.max(this.longest, bytes + BESIDES)
  }
}

const isOfRows = (type: number): boolean =>
  type === EVENT.tableMap || ROWS.has(type) || COMPRESSED_ROWS.includes(type)

/** Of the body, without compression. */
function lengthOf(body: Buffer, type: number): number {
  if (type === EVENT.transactionPayload) return lengthOfPayload(body)
  if (type === EVENT.compressedQuery) {
    const at = body.length - readQuery(body).length
    return at + lengthAt(body, at)
  }
  const version = COMPRESSED_ROWS.indexOf(type)
  if (version < 0) return body.length
  const behindHead = ROWS_FLAGS_AT + 2 + (version < 3 ? 0 : body.readUInt16LE(ROWS_FLAGS_AT + 2))
  const [columns, behindColumns] = packedAt(body, behindHead)
  const lists = version % 3 === UPDATES ? 2 : 1
  const at = behindColumns + lists * Math.ceil(columns / 8)
  return at + lengthAt(body, at)
}

/** Of what log_bin_compress has made: behind how many bytes it has, the length, the highest first. */
function lengthAt(body: Buffer, at: number): number {
  const bytes = body.readUInt8(at) & 0x07
  return bytes === 0 ? body.length - at : body.readUIntBE(at + 1, bytes)
}

/** Fields by number, each with its length: 3 is how long it is without compression, 0 ends them. */
function lengthOfPayload(body: Buffer): number {
  for (let at = 0; at < body.length; ) {
    const [field, behindField] = packedAt(body, at)
    if (field === 0) return Infinity
    const [bytes, behindLength] = packedAt(body, behindField)
    if (field === 3) return packedAt(body, behindLength)[0]
    at = behindLength + bytes
  }
  return Infinity
}

/** A number as both engines pack it, and where it ends. */
function packedAt(body: Buffer, at: number): [value: number, end: number] {
  const first = body.readUInt8(at)
  const bytes = ({ 252: 2, 253: 3, 254: 8 } as Record<number, number>)[first]
  if (bytes === undefined) return [first, at + 1]
  const value = bytes === 8 ? Number(body.readBigUInt64LE(at + 1)) : body.readUIntLE(at + 1, bytes)
  return [value, at + 1 + bytes]
}

/** The least that a server may have, with room for what a replay says of its own. */
const LEAST = 65_536

/**
 * Functions give NULL for what is longer than max_allowed_packet of their session, which it has from the server
 * when it begins, as has what it may be sent. So a replay has the source's, where all of the log may be sent so.
 *
 * @param source global variables of the source, as far as the snapshot has them
 * @returns bytes, or null where it must be the largest
 */
export function packetOfSource(
  source: Readonly<Record<string, string>>,
  printed: Pick<PrintedSize, 'longest'>,
): number | null {
  const packet = Number(source['max_allowed_packet'] ?? Infinity)
  return packet !== Infinity && packet >= LEAST && printed.longest <= packet ? packet : null
}

/**
 * May a function give more here than the source's packet, see packetOfSource? Of values that are much shorter only
 * one that repeats them may, or the like.
 */
export function mayBeLonger(
  source: Readonly<Record<string, string>>,
  printed: Pick<PrintedSize, 'longest' | 'largestEvent'>,
): 'any' | 'repeated' | null {
  const packet = source['max_allowed_packet']
  if (packet === undefined || packetOfSource(source, printed) !== null) return null
  return printed.largestEvent > Number(packet) / 4 ? 'any' : 'repeated'
}
