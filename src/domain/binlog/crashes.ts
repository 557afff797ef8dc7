import { begunAt, EVENT, isOfServerStart, readHeader } from './event.ts'
import type { BinlogSegment } from './segment.ts'

/** Where they are not 1, a server may lose its last changes, or the last of its log, with its machine. */
export const SYNC_SETTINGS = ['sync_binlog', 'innodb_flush_log_at_trx_commit']

/** "sync_binlog = 0"; of those that are known. */
export function laxSettings(settings: Readonly<Record<string, string>>): string[] {
  return SYNC_SETTINGS.flatMap(name => {
    const value = settings[name]
    return value === undefined || value === '1' ? [] : [`${name} = ${value}`]
  })
}

/** A file that is closed ends with one of these. */
const CLOSING: readonly number[] = [EVENT.rotate, EVENT.stop]

/**
 * Did the server go down without closing the file before this one?
 *
 * @param lastType of the event before; null where there is none
 * @param event the first of a file
 */
export function isAfterCrash(lastType: number | null, event: Buffer): boolean {
  const isClosed = lastType !== null && CLOSING.includes(lastType)
  return !isClosed && readHeader(event).type === EVENT.format && isOfServerStart(event)
}

/** Files of a log before which its server went down without closing the one before. */
export class Crashes {
  /** "binlog.000002, begun 2026-11-29T11:03:31.000Z" */
  readonly files: string[] = []
  readonly #startFile: string
  #lastType: number | null = null

  /** @param startFile in which the log begins; what comes in it is looked at from its start, or later */
  constructor(startFile: string) {
    this.#startFile = startFile
  }

  /**
   * Segments in their order.
   * @param events whole ones
   * @param isBeginning is the first of them the first of its file?
   */
  look(file: string, events: Buffer, isBeginning: boolean): void {
    const first = events.subarray(0, events.length > 0 ? readHeader(events).size : 0)
    // Where the log begins, nothing was lost.
    const mayBe = isBeginning && file !== this.#startFile && first.length > 0
    if (mayBe && isAfterCrash(this.#lastType, first)) {
      this.files.push(`${file}, begun ${begunAt(first)}`)
    }
    for (let at = 0; at < events.length; ) {
      const { size, type } = readHeader(events, at)
      this.#lastType = type
      at += size
    }
  }
}

/** What somebody has to look at, or null. */
export function crashText(
  files: readonly string[],
  settings: Readonly<Record<string, string>>,
): string | null {
  const lax = laxSettings(settings)
  if (files.length === 0 || lax.length === 0) return null
  return `the server went down without closing its log, and had ${lax.join(' and ')} (before ${files.join('; ')}): where its machine went down with it, the last changes before that may be in its tables and not in its log, or the other way round, and nothing tells: compare with it what was changed then, or restore from a snapshot of after it`
}

type Lax = Pick<BinlogSegment, 'lax'>

/** Settings before and after the server was started, with which its log may lack what its tables have. */
export function laxBetween(before: Lax | undefined, after: Lax): string[] {
  return [...new Set([...(before?.lax ?? []), ...(after.lax ?? [])])]
}

/** Segments before which the server went down without closing its log, and may have lost of it. */
export function laxCrashes(
  segments: readonly BinlogSegment[],
): { segment: BinlogSegment; at: number; lax: string[] }[] {
  return segments.flatMap((segment, at) => {
    const lax = laxBetween(segments[at - 1], segment)
    const isOne = segment.crashed === true && segment.from === 0 && lax.length > 0
    return isOne ? [{ segment, at, lax }] : []
  })
}
