import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkpointOf, prunedOf } from '#domain/audit/checkpoint'
import { commonRanges, countIds, type IdRange, RangeBuilder } from '#domain/audit/id-ranges'
import { KeptTree } from '#domain/audit/kept-events'

const rangesOf = (ids: ReadonlySet<number>): readonly IdRange[] => {
  const builder = new RangeBuilder()
  for (const id of [...ids].sort((a, b) => a - b)) builder.add(id)
  return builder.ranges
}

test('what two sets of ids have in common', () => {
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 60 })).map(some => new Set(some))
  fc.assert(
    fc.property(ids, ids, (some, others) => {
      const common = commonRanges(rangesOf(some), rangesOf(others))
      const expected = rangesOf(new Set([...some].filter(id => others.has(id))))
      expect(countIds(common)).toBe(countIds(expected))
      for (const [from, to] of common)
        for (let id = from; id <= to; id += 1)
          expect([some.has(id), others.has(id)]).toEqual([true, true])
    }),
  )
})

test('the root is another one for every change of what stays, and for none', () => {
  const rootOf = (...lists: [number, string][]): string => {
    const tree = new KeptTree()
    for (const [batch, ids] of lists) tree.add({ batch, ids })
    return tree.root()
  }
  const root = rootOf([1, '1-3,7'], [3, '9'])
  expect(rootOf([1, '1-3,7'], [2, ''], [3, '9'])).toBe(root)
  const others = [
    rootOf([1, '1-3'], [3, '9']),
    rootOf([1, '1-3,7']),
    rootOf([1, '1-3,7'], [2, '9']),
    rootOf([3, '9'], [1, '1-3,7']),
    rootOf(),
    rootOf([1, '1-3,7'], [3, '9'], [4, '10']),
  ]
  expect(new Set([root, ...others]).size).toBe(others.length + 1)
})

test('a checkpoint of before there was retention says that nothing was removed', () => {
  const old = checkpointOf({ format: 1, batch: 1, events: '' })
  expect(prunedOf(old)).toEqual({ upTo: 0, kept: '' })
  expect(prunedOf({ pruned: '1-20', kept: 'ab' })).toEqual({ upTo: 20, kept: 'ab' })
  expect(prunedOf(null)).toEqual({ upTo: 0, kept: '' })
})
