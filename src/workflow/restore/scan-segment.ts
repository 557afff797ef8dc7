import type { Secret } from '#core/secret'
import { FILE_MAGIC, readFormat, readHeader } from '#domain/binlog/event'
import { parseHistory } from '#domain/binlog/gtid-history'
import { BinlogScanner, type ScanStart, type Transaction } from '#domain/binlog/scanner'
import type { BinlogSegment } from '#domain/binlog/segment'
import type { Stretch } from '#domain/binlog/stretch'
import type { BinlogArchive } from '#repository/binlog-archive'

/** A segment that was opened and read through. */
export interface ScannedSegment {
  segment: BinlogSegment
  /** Those that end in it; the first may have begun before it. */
  transactions: readonly Transaction[]
  /** GTIDs up to each place between two transactions, by offset. */
  historyAt(offset: number): string | null
}

/** Opens segments of one stretch, and looks where their transactions are. */
export class SegmentScan {
  readonly #archive: BinlogArchive
  readonly #stretch: Stretch
  readonly #identities: readonly Secret[]

  constructor(archive: BinlogArchive, stretch: Stretch, identities: readonly Secret[]) {
    this.#archive = archive
    this.#stretch = stretch
    this.#identities = identities
  }

  /** @throws EcomdbError OBJECT_DAMAGED, WRONG_IDENTITY, UNSUPPORTED */
  async scan(segment: BinlogSegment): Promise<ScannedSegment> {
    const bytes = await this.#archive.readBytes(segment, this.#identities)
    const start = await this.#start(segment)
    const scanner = new BinlogScanner(segment.engine, segment.file, start)
    const transactions: Transaction[] = []
    const borders: number[] = []
    let at = start ? 0 : FILE_MAGIC.length
    while (at < bytes.length) {
      const { size } = readHeader(bytes, at)
      const ended = scanner.push(bytes.subarray(at, at + size), segment.from + at)
      if (ended) transactions.push(ended)
      at += size
      if (scanner.border === segment.from + at) borders.push(scanner.border)
    }
    const isBorder = new Set(borders)
    if (start && !start.open) isBorder.add(segment.from)
    const historyAt = (offset: number): string | null =>
      isBorder.has(offset) ? historyUntil(segment, transactions, offset) : null
    return { segment, transactions, historyAt }
  }

  /** What the scanner has to know; null at the beginning of a file. */
  async #start(segment: BinlogSegment): Promise<ScanStart | null> {
    if (segment.from === 0) return null
    const { segments } = this.#stretch
    const before = segments[segments.indexOf(segment) - 1]
    const first = segments.find(
      ({ file, from, to }) => file === segment.file && from === 0 && to > 0,
    )
    if (!before || !first) throw new Error(`segment ${segment.sequence} has no beginning`)
    const head = await this.#archive.readBytes(first, this.#identities)
    const { size } = readHeader(head, FILE_MAGIC.length)
    const format = readFormat(head.subarray(FILE_MAGIC.length, FILE_MAGIC.length + size))
    return { format, gtids: before.gtidsAfter, open: before.open }
  }
}

function historyUntil(
  { engine, gtidsBefore }: BinlogSegment,
  transactions: readonly Transaction[],
  offset: number,
): string {
  const history = parseHistory(engine, gtidsBefore)
  for (const { gtid, to } of transactions) if (gtid && to <= offset) history.record(gtid)
  return history.toString()
}
