import { expect, test } from 'vitest'
import { readingOrder } from '#domain/backup/reading-order'

const table = (name: string, bytes: number, createdAt: string | null) => ({
  name,
  estimate: { bytes },
  createdAt,
})

test('tables of the last day come first, then the largest', () => {
  const tables = [
    table('small', 1, '2025-01-01 00:00:00'),
    table('truncated lately', 5, '2026-11-29 09:30:00'),
    table('of an engine without a time', 7, null),
    table('large', 100, '2026-11-28 09:59:59'),
    table('swapped lately', 50, '2026-11-29 09:59:59'),
  ]
  expect(readingOrder(tables, '2026-11-29T10:00:00.123Z').map(({ name }) => name)).toEqual([
    'swapped lately',
    'truncated lately',
    'large',
    'of an engine without a time',
    'small',
  ])
})
