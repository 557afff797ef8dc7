import { expect, test } from 'vitest'
import { RIGHTS_UNREAD } from '#domain/audit/rights-watch'
import { sealProblems } from '#domain/audit/seal-problems'

test('what a seal could not do are problems: anchors, rights, records of erasures', () => {
  const good = { label: 'a', put: 1, failed: null }
  const bad = { label: 'b', put: 0, failed: 'it is full' }
  const seal = { anchors: [good], refused: [], rightsWatched: true }
  expect(sealProblems(seal, 1)).toEqual([])
  expect(sealProblems({ ...seal, anchors: [good, bad] }, 1)).toEqual(['b: it is full'])
  expect(sealProblems(seal, 2)).toEqual(['1 anchors of 2: name more under audit.anchors'])
  expect(sealProblems({ ...seal, refused: ['one'], rightsWatched: false }, 1)).toEqual([
    RIGHTS_UNREAD,
    'one',
  ])
})
