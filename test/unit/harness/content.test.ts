import { expect, test } from 'vitest'
import { requireSame } from '#harness/faults/content'

test('what a restored server has otherwise, more or less is named', () => {
  const was = { orders: 'a', customers: 'b', views: 'c' }
  expect(() => requireSame(was, { ...was }, 'restored')).not.toThrow()
  const { views: _, ...less } = was
  expect(() => requireSame(was, { ...less, orders: 'x', more: 'y' }, 'restored')).toThrow(
    'restored, and these are others: orders, views, more',
  )
})
