import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RangeCutter } from '#engine/shared/bulk/range-cutter'

/** A row of the text protocol whose first field is this, at an odd place in its buffer. */
function rowOf(key: bigint | string): { bytes: Buffer; start: number } {
  const text = Buffer.from(String(key))
  const head = Buffer.from([0x41, 0x42, text.length])
  return { bytes: Buffer.concat([head, text, Buffer.from([1, 0x78])]), start: 2 }
}

function cut(borders: readonly bigint[], keys: readonly bigint[]): bigint[][] {
  const cutter = new RangeCutter(borders.map(String))
  const ranges: bigint[][] = [[]]
  for (const key of keys) {
    const { bytes, start } = rowOf(key)
    for (let ends = cutter.passed(bytes, start); ends > 0; ends -= 1) ranges.push([])
    ranges.at(-1)?.push(key)
  }
  for (let left = cutter.left; left > 0; left -= 1) ranges.push([])
  return ranges
}

/** What the cutter has to agree with: each key is in the range that its borders say. */
function filtered(borders: readonly bigint[], keys: readonly bigint[]): bigint[][] {
  const ends = [null, ...borders, null]
  return ends
    .slice(1)
    .map((to, index) =>
      keys.filter(key => key >= (ends[index] ?? key) && (to === null || key < to)),
    )
}

const anyKey = fc.oneof(
  fc.bigInt({ min: -20n, max: 20n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.bigInt({ min: 2n ** 53n - 9n, max: 2n ** 53n + 9n }),
  fc.bigInt({ min: 10n ** 15n - 9n, max: 10n ** 15n + 9n }),
)
const ascending = (list: bigint[]): bigint[] => [...new Set(list)].sort((a, b) => (a < b ? -1 : 1))

test('rows go to the ranges of their keys, whatever the integers', () => {
  fc.assert(
    fc.property(fc.array(anyKey), fc.array(anyKey), (some, more) => {
      const [borders, keys] = [ascending(some), ascending(more)]
      expect(cut(borders, keys)).toEqual(filtered(borders, keys))
    }),
    { numRuns: 2000 },
  )
})

test('a key that comes twice (a key of several columns) stays in its range', () => {
  expect(cut([2n, 5n], [1n, 2n, 2n, 2n, 5n, 5n])).toEqual([[1n], [2n, 2n, 2n], [5n, 5n]])
})
