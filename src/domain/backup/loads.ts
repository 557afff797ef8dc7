import type { TableEntry } from './manifest.ts'

/** TSV bytes of one transaction of a restore: small enough to undo, large enough to cost nothing. */
export const LOAD_BYTES = 64 * 1024 * 1024

/** What a field has in a binary log at most beside its text: a number in eight bytes, or a length. */
const FIELD_BYTES = 8
/** Of a row: what it begins with, and its null bits. */
const ROW_BYTES = 32

/** Of the transaction: what it begins and ends with, and the restore's mark of what is loaded. */
const OTHER_BYTES = 8192
/** A server takes the size of its cache in multiples of this, and cuts off what is over. */
const CACHE_BYTES = 4096

/**
 * How many bytes a table's largest transaction of a restore has in a binary log, at most: its rows as text, and
 * what short numbers are longer there.
 */
export function largestLoad({ chunks, columns, rows }: TableEntry): number {
  if (rows === 0) return 0
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0)
  const pieces = chunks.flatMap(chunk => chunk.pieces.map(piece => piece.bytes))
  const inOne = pieces.reduce((most, one) => Math.max(most, one), Math.min(bytes, LOAD_BYTES))
  const share = bytes === 0 ? 1 : inOne / bytes
  const most = OTHER_BYTES + inOne + rows * share * (columns.length * FIELD_BYTES + ROW_BYTES)
  return Math.ceil(most / CACHE_BYTES) * CACHE_BYTES
}
