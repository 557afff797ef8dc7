import { createHash, createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { generateDedupKey } from '#crypto/key-files'
import { objectId, tableId } from '#crypto/object-id'

const key = generateDedupKey()
const sha256 = createHash('sha256').update('rows').digest()

test('an id depends on content, recipients and key, and not on the order of recipients', () => {
  const id = objectId(key, ['age1b', 'age1a'], sha256)
  expect(objectId(key, ['age1a', 'age1b', 'age1a'], sha256)).toBe(id)
  expect(objectId(key, ['age1a'], sha256)).not.toBe(id)
  expect(objectId(generateDedupKey(), ['age1a', 'age1b'], sha256)).not.toBe(id)
  expect(objectId(key, ['age1a', 'age1b'], Buffer.alloc(32))).not.toBe(id)
})

test('ids are made as docs/formats.md says', () => {
  const raw = Buffer.from(key.reveal(), 'base64')
  const object = createHmac('sha256', raw).update('ecomdb object 1\0age1a\nage1b\n').update(sha256)
  expect(objectId(key, ['age1b', 'age1a'], sha256)).toBe(object.digest('hex'))
  const table = createHmac('sha256', raw).update('ecomdb table 1\0shop\0orders').digest('hex')
  expect(tableId(key, 'shop', 'orders')).toBe(table)
})
