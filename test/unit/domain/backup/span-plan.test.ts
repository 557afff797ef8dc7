import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planSpans } from '#domain/backup/span-plan'

const MIB = 1024 * 1024

test('spans follow one another, none is empty, and together they are all ranges', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.double({ min: 0, max: 1e13, noNaN: true }),
      fc.double({ min: -1e6, max: 1e13, noNaN: true }),
      fc.integer({ min: 1, max: 32 }),
      (ranges, bytes, leftBytes, readers) => {
        const spans = planSpans({ ranges, bytes, leftBytes, readers })
        expect(spans[0]?.first).toBe(0)
        expect(spans.at(-1)?.end).toBe(ranges)
        for (const [index, { first, end }] of spans.entries()) {
          expect(end).toBeGreaterThan(first)
          expect(spans[index + 1]?.first ?? ranges).toBe(end)
        }
      },
    ),
  )
})

test('a table is read by one statement while the others have as much to do', () => {
  const facts = { ranges: 20, readers: 2 }
  expect(planSpans({ ...facts, bytes: 100 * MIB, leftBytes: 300 * MIB })).toHaveLength(1)
  expect(planSpans({ ...facts, bytes: 100 * MIB, leftBytes: 100 * MIB })).toHaveLength(8)
  expect(planSpans({ ...facts, ranges: 3, bytes: 100 * MIB, leftBytes: 0 })).toHaveLength(3)
})

test('no statement reads a great deal, for the sake of an ALTER that waits', () => {
  const spans = planSpans({ ranges: 500, bytes: 2560 * MIB, leftBytes: 1e12, readers: 2 })
  expect(spans).toHaveLength(10)
})

test('a table of which nothing is known is read by one statement', () => {
  expect(planSpans({ ranges: 1, bytes: 0, leftBytes: 0, readers: 2 })).toEqual([
    { first: 0, end: 1 },
  ])
})
