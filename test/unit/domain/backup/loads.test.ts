import { expect, test } from 'vitest'
import { LOAD_BYTES, largestLoad } from '#domain/backup/loads'
import type { TableEntry } from '#domain/backup/manifest'

/** Rows of one short number each. */
function table(rows: number, bytes: number): TableEntry {
  const pieces = [{ rows, bytes }]
  return {
    rows,
    columns: [{ name: 'n' }],
    chunks: [{ rows, bytes, pieces }],
  } as unknown as TableEntry
}

test('a transaction has more in the log than its text, in multiples of 4096', () => {
  expect(largestLoad(table(0, 0))).toBe(0)
  expect(largestLoad(table(1, 2))).toBe(12_288)
  const many = largestLoad(table(1_000_000, 2_000_000))
  expect(many % 4096).toBe(0)
  expect(many).toBeGreaterThan(40_000_000)
})

test('no more than one load of a large table, unless it has a larger piece', () => {
  const large = table(10, 10 * LOAD_BYTES)
  expect(
    largestLoad({ ...large, chunks: large.chunks.map(c => ({ ...c, pieces: [] })) }),
  ).toBeLessThan(LOAD_BYTES + 100_000)
  expect(largestLoad(large)).toBeGreaterThan(10 * LOAD_BYTES)
})
