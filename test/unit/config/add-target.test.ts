import { expect, test } from 'vitest'
import { withTarget } from '#config/add-target'
import { placeOf } from '#config/target-location'

const FILE = { path: '/etc/ecomdb/ecomdb.yaml', folder: '/etc/ecomdb' }
const S3 = {
  prefix: '',
  pathStyle: false,
  checksums: 'when_supported' as const,
  bucketOwnerFullControl: false,
}
const TEXT = `# ours
server: # the shop's
  user: u

keys:
  identity_files: [] # none here
`

test('a bucket is written, and comments stay', async () => {
  const place = await placeOf(
    's3://shop-backups/shop?endpoint=https://e:1&lock_mode=governance&lock_days=7',
  )
  const { text = '', lines } = withTarget(TEXT, place, null, FILE) ?? {}
  expect(text).toBe(`${TEXT}target:
  s3:
    bucket: shop-backups
    prefix: shop
    endpoint: https://e:1
    object_lock:
      mode: governance
      days: 7
`)
  expect(lines).toContain('bucket: shop-backups')
  expect(withTarget(text, place, null, FILE)).toBeNull()
  const elsewhere = await placeOf('s3://shop-backups/shop?endpoint=https://e:2')
  expect(() => withTarget(text, elsewhere, null, FILE)).toThrow(
    /shop-backups\/shop at https:\/\/e:1/,
  )
  const other = { directory: '/mnt/other' }
  expect(() => withTarget(text, other, null, FILE)).toThrow(/names a target already/)
})

test('what is said of a bucket that is there with other settings is not taken for done', async () => {
  const plain = await placeOf('s3://shop-backups/shop?endpoint=https://e:1')
  const { text = '' } = withTarget(TEXT, plain, null, FILE) ?? {}
  const locked = await placeOf(
    's3://shop-backups/shop?endpoint=https://e:1&lock_mode=governance&lock_days=7',
  )
  expect(() => withTarget(text, locked, null, FILE)).toThrow(/already, with other settings/)
  const withLock = withTarget(TEXT, locked, null, FILE)?.text ?? ''
  // What is not said is as the file says.
  expect(withTarget(withLock, plain, null, FILE)).toBeNull()
  const longer = await placeOf(
    's3://shop-backups/shop?endpoint=https://e:1&lock_mode=governance&lock_days=30',
  )
  const why =
    'object_lock is days 7, mode governance there, and not days 30, mode governance; a configuration'
  const refused = () => withTarget(withLock, longer, null, FILE)
  expect(refused).toThrow(
    expect.objectContaining({ code: 'USAGE', why: expect.stringContaining(why) }),
  )
})

test('a name makes it a copy, beside those that are there', () => {
  const first = withTarget(TEXT, { directory: '/mnt/a' }, 'a', FILE)
  const second = withTarget(first?.text ?? '', { directory: '/mnt/b' }, 'b', FILE)
  expect(first?.text).toBe(`${TEXT}copies:\n  - name: a\n    directory: /mnt/a\n`)
  expect(second?.text).toContain(
    'copies:\n  - name: a\n    directory: /mnt/a\n  - name: b\n    directory: /mnt/b\n',
  )
  expect(second?.text).toMatch(/# ours[\s\S]*# the shop's[\s\S]*# none here/)
  const bucket = { ...S3, bucket: 'shop-copy' }
  const third = withTarget(second?.text ?? '', { s3: bucket }, 'c', FILE)
  expect(third?.text).toContain('  - name: c\n    s3:\n      bucket: shop-copy\n')
  expect(() => withTarget(second?.text ?? '', { directory: '/x' }, 'b', FILE)).toThrow(
    /names a copy b already/,
  )
})

test('what the file would not mean is not written', () => {
  expect(() => withTarget('servr: {}\n', { directory: '/x' }, null, FILE)).toThrow(/servr/)
  expect(() => withTarget(TEXT, { directory: '/x' }, '-', FILE)).toThrow(/copies\.0\.name/)
})
