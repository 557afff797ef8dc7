import { unreadable } from './event.ts'
import { GtidSet } from './gtid-set.ts'
import { GtidState } from './gtid-state.ts'

/** What a GTID event, which begins a transaction, says of it. */
export interface GtidEvent {
  /** null for an anonymous transaction of a MySQL server without GTIDs. */
  gtid: string | null
  /** When it was committed, in microseconds since 1970; null where the event does not say. */
  committedUs: number | null
  /** Bytes of the whole transaction, this event included; null where it does not say. */
  bytes: number | null
  /** MariaDB: one statement by itself, which no COMMIT ends. */
  standalone: boolean
}

/** MySQL's GTID_LOG_EVENT and ANONYMOUS_GTID_LOG_EVENT (since 8.0.2 with time and length). */
export function readMysqlGtid(body: Buffer, anonymous: boolean): GtidEvent {
  // Flags, UUID, number, type of the logical timestamp, two timestamps of 8 bytes.
  const fixed = 1 + 16 + 8 + 1 + 8 + 8
  if (body.length < fixed + 7 + 1) {
    throw unreadable('its transactions do not say how long they are: MySQL before 8.0.2')
  }
  const number = body.readBigInt64LE(17)
  // The highest bit says that the source's own time follows, as in a replica's log.
  const hasOriginal = body.readUInt8(fixed + 6) >= 0x80
  const lengthAt = fixed + 7 + (hasOriginal ? 7 : 0)
  return {
    gtid: anonymous ? null : `${uuidText(body.subarray(1, 17))}:${number}`,
    committedUs: readUint(body, fixed, 7, 0x7f),
    bytes: readPackedLength(body, lengthAt),
    standalone: false,
  }
}

/** MariaDB's GTID_EVENT: number, domain, flags. */
export function readMariadbGtid(body: Buffer, serverId: number): GtidEvent {
  const flags = body.readUInt8(12)
  return {
    gtid: `${body.readUInt32LE(8)}-${serverId}-${body.readBigUInt64LE(0)}`,
    committedUs: null,
    bytes: null,
    standalone: (flags & 1) === 1,
  }
}

/** MariaDB's GTID_LIST_EVENT: the state at the beginning of its file. */
export function readGtidList(body: Buffer): GtidState {
  const count = body.readUInt32LE(0) & 0x0fff_ffff
  const state = new GtidState()
  for (let i = 0; i < count; i += 1) {
    const at = 4 + i * 16
    const [domain, server] = [body.readUInt32LE(at), body.readUInt32LE(at + 4)]
    state.record(`${domain}-${server}-${body.readBigUInt64LE(at + 8)}`)
  }
  return state
}

/** MySQL's PREVIOUS_GTIDS_LOG_EVENT: the set at the beginning of its file. */
export function readPreviousGtids(body: Buffer): GtidSet {
  const set = new GtidSet()
  // Since 8.3 the highest byte tells the format, and with tags the count stands below it.
  const hasTags = body.readUInt8(7) === 1
  const count = hasTags ? readUint(body, 1, 6) : Number(body.readBigUInt64LE(0))
  let at = 8
  for (let i = 0; i < count; i += 1) {
    let source = uuidText(body.subarray(at, at + 16))
    at += 16
    if (hasTags) {
      const tagBytes = body.readUInt8(at) >> 1
      const tag = body.subarray(at + 1, at + 1 + tagBytes).toString('latin1')
      at += 1 + tagBytes
      if (tag) source = `${source}:${tag}`
    }
    const intervals = Number(body.readBigUInt64LE(at))
    at += 8
    for (let k = 0; k < intervals; k += 1, at += 16) {
      set.add(source, body.readBigInt64LE(at), body.readBigInt64LE(at + 8))
    }
  }
  return set
}

export function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/**
 * Little endian, up to 7 bytes; exact below 2^53, which microseconds are until 2255.
 *
 * @param mask what of the seventh byte belongs to the number
 */
function readUint(bytes: Buffer, at: number, size: number, mask = 0xff): number {
  const low = bytes.readUIntLE(at, Math.min(size, 6))
  return size <= 6 ? low : low + (bytes.readUInt8(at + 6) & mask) * 2 ** 48
}

/** MySQL's packed integer: up to 250 in one byte, else 252, 253 or 254 and 2, 3 or 8 bytes. */
function readPackedLength(bytes: Buffer, at: number): number {
  const first = bytes.readUInt8(at)
  if (first <= 250) return first
  if (first === 252) return bytes.readUInt16LE(at + 1)
  if (first === 253) return bytes.readUIntLE(at + 1, 3)
  return Number(bytes.readBigUInt64LE(at + 1))
}
