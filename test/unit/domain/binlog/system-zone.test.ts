import { expect, test } from 'vitest'
import { isSameSystemZone } from '#domain/binlog/system-zone'

test.each([
  ['UTC', 'UTC', true],
  ['CET', 'CEST', true],
  ['EST', 'EDT', true],
  ['AEDT', 'AEST', true],
  ['GMT', 'BST', true],
  ['CET', 'EET', false],
  ['UTC', 'CEST', false],
  ['EST', 'CET', false],
  ['IST', 'UTC', false],
])('%s and %s are one zone: %s', (one, other, same) => {
  expect(isSameSystemZone(one, other)).toBe(same)
})
