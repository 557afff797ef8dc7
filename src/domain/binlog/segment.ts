import type { StoredObject } from '../backup/envelope.ts'
import type { EngineFamily } from '../engine-family.ts'
import type { OpenTransaction } from './scanner.ts'

/**
 * The envelope of one segment of a binary log: a range of bytes of one of the server's files,
 * stored as age(zstd(bytes)). It is in the clear, signed, and written last: its presence is
 * the commit. Segments of one stretch follow one another without a gap; each names the one
 * before it by the hash of its envelope.
 */
export interface BinlogSegment {
  format: 1
  /** What a reader must be able to do; see BINLOG_CAPABILITIES. */
  requires: readonly string[]
  repositoryId: string
  /** Which server: as in the envelopes of its snapshots. */
  sourceId: string
  engine: EngineFamily
  /** VERSION() of the server. */
  serverVersion: string
  /** MySQL's server_uuid; MariaDB has none. */
  serverUuid: string | null
  /** server_id. */
  serverId: number
  /** UUIDv7: an unbroken run of segments. */
  stretchId: string
  /** From 1, in the order of the binary log. */
  sequence: number
  /** Hex SHA-256 of the bytes of the envelope before this one; null for the first. */
  previousSha256: string | null
  /** Of the first segment: why a stretch begins here; else null. */
  begins: StretchBegin | null
  /** Name of the server's file. */
  file: string
  /** ISO 8601, whole seconds: when the server began it, by its first event. Older ones lack it. */
  begunAt?: string | null
  /** Bytes from <= offset < to of that file; equal where nothing had happened until `knownUntil`. */
  from: number
  to: number
  /** The end of the last whole transaction in it; null where there is none. */
  border: number | null
  /** The transaction in whose middle it ends, or null. */
  open: OpenTransaction | null
  /** The file that comes next, where this segment reaches the end of its file; else null. */
  nextFile: string | null
  /** Whole transactions that end in it. */
  transactions: number
  /** ISO 8601 with microseconds: the earliest and the latest of them; null without any. */
  firstAt: string | null
  lastAt: string | null
  /** GTIDs before its first and after its last whole transaction, as the engine writes them. */
  gtidsBefore: string
  gtidsAfter: string
  /**
   * ISO 8601, by the server's clock: whatever was committed before then is in this segment or
   * before it. null where that is not known beyond `lastAt`.
   */
  knownUntil: string | null
  /**
   * In words: what the log lacks behind this segment's end, though the server went on. No replay leads
   * over it. null or, before it was noted, missing: nothing is known to be.
   */
  hole?: string | null
  /** The server went down without closing the file before this one, whose first bytes these are. */
  crashed?: boolean
  /** Settings with which the server may lose the last of its log with its machine; see laxSettings. Missing: none known. */
  lax?: readonly string[]
  /** MySQL: transactions that the server has had, and that no file of this log has; missing where nobody looked. */
  elsewhere?: string
  /**
   * ISO 8601, by the server's clock: before its start, by which it began this file, it was not looked at so long,
   * and may have been up without this log. Missing: it was looked at.
   */
  unseen?: { from: string; until: string }
  /** MariaDB: how far InnoDB's log was on the server's disk when it was looked at last; while an archiver catches up, as in the segment before. Missing: nobody looked. */
  flushedLsn?: number
  /** The last event: what the server must still have at this place for the chain to go on. */
  tail: SegmentTail | null
  /** The stored bytes; null where from === to. */
  object: StoredObject | null
  /** age public keys. */
  recipients: readonly string[]
  /** ISO 8601, by the archiver's clock. */
  closedAt: string
  tool: string
}

/** Why a stretch begins. */
export interface StretchBegin {
  /**
   * first: nothing of this source was archived before. gap: the server no longer has what
   * follows `after`. history: the server's log is not the one that was archived: it was reset,
   * or restored, or another server has this source's name.
   */
  reason: 'first' | 'gap' | 'history'
  /** The end of the newest stretch before it. */
  after: { stretchId: string; sequence: number } | null
}

export interface SegmentTail {
  /** Offset of the event, and its bytes. */
  offset: number
  bytes: number
  /** HMAC under the dedup key (src/crypto/object-id.ts): it tells nothing of the event. */
  hmac: string
}

export const BINLOG_CAPABILITIES = ['age-v1', 'zstd', 'binlog-v4'] as const

/** Has a signed payload the shape of a segment's envelope of format 1? */
export function isBinlogSegment(value: unknown): value is BinlogSegment {
  if (!isRecord(value)) return false
  const { object, requires, recipients } = value
  return (
    TEXTS.every(name => typeof value[name] === 'string') &&
    TEXTS_OR_NULL.every(name => value[name] === null || typeof value[name] === 'string') &&
    NUMBERS.every(name => Number.isSafeInteger(value[name])) &&
    LOG_FILE.test(String(value['file'])) &&
    (value['nextFile'] === null || LOG_FILE.test(String(value['nextFile']))) &&
    (value['border'] === null || Number.isSafeInteger(value['border'])) &&
    ['hole', 'begunAt'].every(name =>
      ['string', 'undefined'].includes(typeof (value[name] ?? undefined)),
    ) &&
    ['boolean', 'undefined'].includes(typeof value['crashed']) &&
    isTexts(value['lax'] ?? []) &&
    typeof (value['elsewhere'] ?? '') === 'string' &&
    Number.isSafeInteger(value['flushedLsn'] ?? 0) &&
    isSpan(value['unseen']) &&
    ['begins', 'open', 'tail', 'object'].every(
      name => value[name] === null || isRecord(value[name]),
    ) &&
    (value['engine'] === 'mysql' || value['engine'] === 'mariadb') &&
    (object === null || (isRecord(object) && typeof object['path'] === 'string')) &&
    [requires, recipients].every(isTexts)
  )
}

/** One part of a path: a reader lays the bytes out under this name. */
export const LOG_FILE = /^[A-Za-z0-9_][A-Za-z0-9._-]*\.\d+$/

const TEXTS = [
  ...['repositoryId', 'sourceId', 'engine', 'serverVersion', 'stretchId', 'file'],
  ...['gtidsBefore', 'gtidsAfter', 'closedAt', 'tool'],
]
const TEXTS_OR_NULL = [
  ...['serverUuid', 'previousSha256', 'nextFile', 'firstAt', 'lastAt', 'knownUntil'],
]
const NUMBERS = ['serverId', 'sequence', 'from', 'to', 'transactions']

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(item => typeof item === 'string')
}

function isSpan(value: unknown): boolean {
  if (value === undefined) return true
  return isRecord(value) && [value['from'], value['until']].every(at => typeof at === 'string')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** 1795259536750925 → "2026-11-21T11:12:16.750925Z" */
export function isoOfMicros(us: number): string {
  const ms = Math.floor(us / 1000)
  const rest = String(us - ms * 1000).padStart(3, '0')
  return new Date(ms).toISOString().replace('Z', `${rest}Z`)
}

/** The other way; also from ISO 8601 with milliseconds. */
export function microsOfIso(iso: string): number {
  const [, seconds = '', fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(iso) ?? []
  return Date.parse(`${seconds}Z`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}
