import fc from 'fast-check'
import { expect, test } from 'vitest'
import { knownRowBytes, planChunks } from '#domain/backup/chunk-plan'

const key = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n })

test('ranges follow one another from minus to plus infinity, on multiples of the step', () => {
  fc.assert(
    fc.property(key, key, fc.nat(1_000_000), fc.integer({ min: 1, max: 5000 }), (a, b, n, size) => {
      const bounds = a < b ? { min: a, max: b } : { min: b, max: a }
      const span = bounds.max - bounds.min + 1n
      const rows = BigInt(n) < span ? n + 1 : Number(span)
      const { step, ranges } = planChunks({ bounds, rows, rowBytes: size, parentStep: null })
      const unit = BigInt(step ?? 0)
      const tail = bounds.max - (((bounds.max % unit) + unit) % unit)
      const fine = unit > 16n ? unit / 16n : 1n
      expect(ranges[0]?.from).toBeNull()
      expect(ranges.at(-1)?.to).toBeNull()
      for (const [index, { to }] of ranges.slice(0, -1).entries()) {
        expect(ranges[index + 1]?.from).toBe(to)
        expect(BigInt(to ?? 1) % (BigInt(to ?? 1) > tail ? fine : unit)).toBe(0n)
        expect(BigInt(to ?? 0) > bounds.min && BigInt(to ?? 0) <= bounds.max).toBe(true)
      }
      // No more objects than the bytes ask for: twice as many chunks, the ends, and the last step's.
      expect(ranges.length).toBeLessThanOrEqual(2 + 16 + (2 * rows * size) / (16 * 1024 * 1024))
    }),
  )
})

test('a table that grows keeps its chunks, but for the one that its new rows begin in', () => {
  const rowsOf = fc.integer({ min: 1, max: 50_000_000 })
  fc.assert(
    fc.property(rowsOf, fc.integer({ min: 1, max: 500_000 }), (rows, more) => {
      const at = (max: number, parentStep: string | null) =>
        planChunks({ bounds: { min: 1n, max: BigInt(max) }, rows: max, rowBytes: 50, parentStep })
      const today = at(rows, null)
      const tomorrow = at(rows + more, today.step)
      expect(tomorrow.step).toBe(today.step)
      const step = Number(today.step)
      const tail = rows - (rows % step)
      // Where the last step was filled, its parts become one chunk.
      const filled = tail !== rows + more - ((rows + more) % step)
      const kept = today.ranges.slice(0, -1).filter(({ to }) => !filled || Number(to) <= tail)
      expect(tomorrow.ranges.slice(0, kept.length)).toEqual(kept)
    }),
  )
})

test('a step that no longer fits is given up', () => {
  const bounds = { min: 1n, max: 9n * 10n ** 18n }
  const { step, ranges } = planChunks({ bounds, rows: 1000, rowBytes: 50, parentStep: '1024' })
  expect(step).not.toBe('1024')
  expect(ranges.length).toBeLessThan(4 + 16)
})

test('without an integer key there is one range', () => {
  expect(planChunks({ bounds: null, rows: 10, rowBytes: 10, parentStep: '64' })).toEqual({
    step: null,
    ranges: [{ from: null, to: null }],
  })
})

test("a row's size is the parent's; the server's guess where rows are large; else a sample", () => {
  expect(knownRowBytes({ rows: 10, bytes: 500 }, { rows: 1, bytes: 1 })).toBe(50)
  expect(knownRowBytes({ rows: 0, bytes: 0 }, { rows: 4, bytes: 400_000 })).toBe(100_000)
  expect(knownRowBytes(undefined, { rows: 4, bytes: 16_384 })).toBeNull()
  expect(knownRowBytes(undefined, { rows: 0, bytes: 16_384 })).toBeNull()
})
