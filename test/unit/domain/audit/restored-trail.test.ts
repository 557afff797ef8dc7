import { expect, test } from 'vitest'
import { ErasedIds } from '#domain/audit/erased-ids'
import { erasureControl, erasuresOf } from '#domain/audit/erasure'
import { explains, type RestoredTrail, type TrailState } from '#domain/audit/restored-trail'
import { clockAhead, cutoff, isOldEnough } from '#domain/audit/retention'

const restored: RestoredTrail = {
  ...{ format: 1, restoreId: 'r', trail: 't', restoredAt: '', reason: '', erasures: [], tool: '' },
  restoredTo: { batch: 5, sha256: 'five' },
  anchored: { batch: 9, sha256: 'nine' },
}
const state: TrailState = {
  trail: 't',
  newest: { batch: 5, sha256: 'five' },
  ahead: { batch: 9, sha256: 'nine' },
}

test('a restore explains the state that it left, and no other', () => {
  expect(explains(restored, state)).toBe(true)
  expect(explains(restored, { ...state, trail: 'another' })).toBe(false)
  expect(explains(restored, { ...state, newest: { batch: 5, sha256: 'other' } })).toBe(false)
  expect(explains(restored, { ...state, newest: null })).toBe(false)
  expect(explains(restored, { ...state, ahead: { batch: 10, sha256: 'ten' } })).toBe(false)
  // The anchors had more then, and have less now: whoever took it away is not helped.
  expect(explains(restored, { ...state, ahead: null })).toBe(false)
  const even = { ...restored, anchored: { batch: 5, sha256: 'five' } }
  expect(explains(even, { ...state, ahead: null })).toBe(true)
  const fresh = { ...restored, restoredTo: null, anchored: null }
  expect(explains(fresh, { trail: 't', newest: null, ahead: null })).toBe(true)
})

test('an erasure is a control of one batch, and covers the ids that it names', () => {
  const one = { erasureId: 'e1', sha256: 'x', events: '7-9', salts: '1,3' }
  const two = { erasureId: 'e2', sha256: 'y', events: '5', salts: '2,4-6' }
  expect(erasuresOf([{ name: 'position', value: '' }, erasureControl(one)])).toEqual([one])
  const ids = new ErasedIds([one, two])
  const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  expect(all.filter(id => ids.hasEvent(id))).toEqual([5, 7, 8, 9])
  expect(all.filter(id => ids.hasSalt(id))).toEqual([1, 2, 3, 4, 5, 6])
})

test('old is what was sealed before, and the newest batch never goes', () => {
  const serverAt = '2026-03-01 00:00:00.123456'
  const now = new Date('2026-03-01T00:00:01Z')
  const before = cutoff(serverAt, now, 86_400_000)
  expect(before).toBe('2026-02-28 00:00:00.123000')
  const at = (batch: number, serverAt: string, sealedAt = '2026-02-27T23:59:59Z'): boolean =>
    isOldEnough({ batch, serverAt, sealedAt }, 3, before)
  expect(at(2, '2026-02-27 23:59:59.999999')).toBe(true)
  expect(at(3, '2026-02-27 23:59:59.999999')).toBe(false)
  expect(at(1, '2026-02-28 00:00:01.000000')).toBe(false)
  // One clock that is wrong, now or when it was sealed, makes nothing old.
  expect(at(1, '2016-02-27 23:59:59.999999', '2026-02-28T00:00:01Z')).toBe(false)
  expect(cutoff('2036-03-01 00:00:00.000000', now, 86_400_000)).toBe('2026-02-28 00:00:01.000000')
  expect(cutoff(serverAt, new Date('2036-03-01'), 86_400_000)).toBe(before)
  expect(clockAhead('2026-03-01 00:01:01.000000', now)).toBe(60_000)
})
