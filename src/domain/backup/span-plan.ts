import { MIB } from '#core/units'

/**
 * A statement holds its table's metadata lock until its last row: an ALTER that waits for
 * it, and all that wait behind the ALTER, should not wait for long. Bytes as the server
 * guesses them; two seconds or so.
 */
const SPAN_BYTES = 256 * MIB
/** So that the readers end together, though some rows are slower than others. */
const SPANS_PER_READER = 4

/** Ranges of a table that one statement reads: from `first` up to, not with, `end`. */
export interface Span {
  first: number
  end: number
}

export interface SpanFacts {
  /** How many ranges the table has. */
  ranges: number
  /** About how many bytes the table has. */
  bytes: number
  /** About how many bytes of all tables are not read yet, this one's among them. */
  leftBytes: number
  readers: number
}

/**
 * Cuts a table into as few statements as will do: the server compares each row with a
 * range's ends, and what is read by one statement need not be counted besides. A table is
 * cut where one reader would still be at it when the others have nothing left to do.
 */
export function planSpans({ ranges, bytes, leftBytes, readers }: SpanFacts): Span[] {
  const forLock = Math.ceil(bytes / SPAN_BYTES)
  const forReaders = bytes > leftBytes / readers ? readers * SPANS_PER_READER : 1
  const count = Math.min(ranges, Math.max(1, forLock, forReaders))
  return Array.from({ length: count }, (_, index) => ({
    first: Math.floor((index * ranges) / count),
    end: Math.floor(((index + 1) * ranges) / count),
  }))
}
