import { expect, test } from 'vitest'
import { isSameSystemZone, systemZoneText } from '#domain/binlog/system-zone'

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
])('by their names, %s and %s are one zone: %s', (one, other, same) => {
  const [was, is] = [one, other].map(name => ({ name, offsets: undefined }))
  expect(was && is && isSameSystemZone(was, is)).toBe(same)
})

test('where it is known what the names mean, that is asked', () => {
  const china = { name: 'CST', offsets: '28800,28800' }
  const chicago = { name: 'CST', offsets: '-21600,-18000' }
  expect(isSameSystemZone(china, chicago)).toBe(false)
  expect(isSameSystemZone(chicago, { ...chicago, name: 'CDT' })).toBe(true)
  expect(isSameSystemZone(china, { ...china, offsets: undefined })).toBe(true)
  expect([china, chicago, { name: 'IST', offsets: '19800,19800' }].map(systemZoneText)).toEqual([
    'CST (UTC+8)',
    'CST (UTC-6 and -5)',
    'IST (UTC+5.5)',
  ])
})
