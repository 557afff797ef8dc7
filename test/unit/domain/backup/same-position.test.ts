import { expect, test } from 'vitest'
import { type Position, samePosition } from '#domain/backup/position'

test('one place of two logs is not the same one', () => {
  const one: Position = { engine: 'mariadb', file: 'binlog.000001', offset: 328, gtidSet: '' }
  const begunAt = '2026-01-01T00:00:00.000Z'
  expect(samePosition(one, one)).toBe(true)
  expect(samePosition({ ...one, begunAt }, one)).toBe(true)
  expect(samePosition({ ...one, begunAt }, { ...one, begunAt })).toBe(true)
  const later = { ...one, begunAt: '2026-02-01T00:00:00.000Z' }
  expect(samePosition({ ...one, begunAt }, later)).toBe(false)
})
