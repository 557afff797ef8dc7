import { expect, test } from 'vitest'
import { placeOf } from '#cli/ask-init'

test.each([
  ['/run/s.sock', { socket: '/run/s.sock' }],
  ['db1', { host: 'db1' }],
  ['db1:3307', { host: 'db1', port: 3307 }],
  ['::1', { host: '::1' }],
  ['[::1]:3307', { host: '::1', port: 3307 }],
])('%s', (text, place) => {
  expect(placeOf(text)).toEqual(place)
})
