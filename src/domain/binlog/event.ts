import { crc32 } from 'node:zlib'
import { EcomdbError } from '#core/errors'

/**
 * Events of a binary log, version 4, as both engines write them: a header of 19 bytes
 * (timestamp, type, server id, size, next position, flags; little endian), a body, and where
 * the file has checksums a CRC32 of all of it.
 *
 * Sources: MySQL's mysql/binlog/event/binlog_event.h, MariaDB's sql/log_event.h.
 */
export const HEADER_BYTES = 19
export const CHECKSUM_BYTES = 4
/** A binary log file begins with these four bytes. */
export const FILE_MAGIC = Buffer.from([0xfe, 0x62, 0x69, 0x6e])

/** Types that matter here. Up to 42 they are MySQL's, from 160 on MariaDB's. */
export const EVENT = {
  query: 2,
  stop: 3,
  rotate: 4,
  /** LAST_INSERT_ID or INSERT_ID of the next statement. */
  integer: 5,
  /** Seeds of RAND(). */
  random: 13,
  userVariable: 14,
  format: 15,
  xid: 16,
  executeLoadQuery: 18,
  tableMap: 19,
  incident: 26,
  gtid: 33,
  anonymousGtid: 34,
  previousGtids: 35,
  xaPrepare: 38,
  transactionPayload: 40,
  taggedGtid: 42,
  annotateRows: 160,
  checkpoint: 161,
  mariadbGtid: 162,
  gtidList: 163,
  startEncryption: 164,
  compressedQuery: 165,
} as const

const IN_USE_FLAG = 0x01
/** LOG_EVENT_IGNORABLE_F: who does not know its type goes on without it. */
const IGNORABLE_FLAG = 0x80
export const FLAGS_AT = 17

export interface EventHeader {
  /** Seconds since 1970; 0 in an event that the server made up for a reader. */
  timestamp: number
  type: number
  serverId: number
  /** Bytes of the whole event, checksum included. */
  size: number
  /** Low 32 bits of the offset behind the event; 0 in one that is not in the file. */
  nextPosition: number
}

/** @param at where the event begins in `bytes`; HEADER_BYTES of it must be there */
export function readHeader(bytes: Buffer, at = 0): EventHeader {
  return {
    timestamp: bytes.readUInt32LE(at),
    type: bytes.readUInt8(at + 4),
    serverId: bytes.readUInt32LE(at + 5),
    size: bytes.readUInt32LE(at + 9),
    nextPosition: bytes.readUInt32LE(at + 13),
  }
}

/**
 * MariaDB marks the event that says how its file is encrypted so when it sends it: what it sends
 * behind it is decrypted. In a file of its own folder the event is not, and what follows is encrypted.
 */
export function isIgnorable(event: Buffer): boolean {
  return (event.readUInt16LE(FLAGS_AT) & IGNORABLE_FLAG) !== 0
}

/** What a format description event says of the rest of its file. */
export interface FileFormat {
  serverVersion: string
  /** Every event of the file ends with a CRC32 of 4 bytes. */
  hasChecksums: boolean
}

/** @param event a whole format description event */
export function readFormat(event: Buffer): FileFormat {
  const version = event.readUInt16LE(HEADER_BYTES)
  if (version !== 4) throw unreadable(`its format is ${version}, and 4 was expected`)
  const text = event.subarray(HEADER_BYTES + 2, HEADER_BYTES + 52)
  const end = text.indexOf(0)
  return {
    serverVersion: text.subarray(0, end < 0 ? text.length : end).toString('latin1'),
    // The algorithm stands before the event's own checksum, which is always there.
    hasChecksums: event.readUInt8(event.length - CHECKSUM_BYTES - 1) === 1,
  }
}

/** Was its file begun by a start of the server? One that follows another while it runs has no time here. */
export function isOfServerStart(format: Buffer): boolean {
  return format.readUInt32LE(HEADER_BYTES + 52) !== 0
}

/**
 * When a server began a file: ISO 8601, whole seconds.
 * @param format its first event, as it is read from the file's beginning
 */
export function begunAt(format: Buffer): string {
  return new Date(readHeader(format).timestamp * 1000).toISOString()
}

/**
 * A format description event as it stands in a file that is closed: an open file's has a flag,
 * which its checksum leaves out.
 */
export function closedFormat(event: Buffer): Buffer {
  const closed = Buffer.from(event)
  closed.writeUInt16LE(closed.readUInt16LE(FLAGS_AT) & ~IN_USE_FLAG, FLAGS_AT)
  return closed
}

/** @throws EcomdbError OBJECT_DAMAGED when the event does not carry its CRC32 */
export function checkChecksum(event: Buffer, place: string): void {
  const body = event.subarray(0, event.length - CHECKSUM_BYTES)
  const found = crc32(body)
  const wanted = event.readUInt32LE(event.length - CHECKSUM_BYTES)
  if (found === wanted) return
  throw new EcomdbError('OBJECT_DAMAGED', {
    what: `the event at ${place} of the binary log is damaged`,
    why: `its CRC32 is ${found.toString(16)}, and it says ${wanted.toString(16)}`,
    hints: ["look at the server's disk and memory; take a new snapshot: `ecomdb backup logical`"],
  })
}

/** The event's body, without header and checksum. */
export function bodyOf(event: Buffer, { hasChecksums }: FileFormat): Buffer {
  return event.subarray(HEADER_BYTES, event.length - (hasChecksums ? CHECKSUM_BYTES : 0))
}

/**
 * The text of a query event: the statement, after 13 bytes of post-header, the status
 * variables, and the default database with its NUL.
 */
export function readQuery(body: Buffer): string {
  const databaseBytes = body.readUInt8(8)
  const statusBytes = body.readUInt16LE(11)
  return body.subarray(13 + statusBytes + databaseBytes + 1).toString('latin1')
}

export function unreadable(why: string): EcomdbError {
  return new EcomdbError('UNSUPPORTED', {
    what: 'cannot read the binary log',
    why,
    hints: ['say which server and version wrote it: `ecomdb doctor`'],
  })
}
