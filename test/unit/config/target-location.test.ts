import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { placeOf } from '#config/target-location'

test('a folder is a path, and a bucket a URL with the keys of target.s3', async () => {
  expect(await placeOf('backups')).toEqual({ directory: resolve('backups') })
  const query = 'endpoint=http://127.0.0.1:7480&credentials_file=keys/s3&lock_mode=compliance'
  expect(await placeOf(`s3://shop-backups/a/b/?${query}&lock_days=30`)).toMatchObject({
    s3: {
      bucket: 'shop-backups',
      prefix: 'a/b',
      endpoint: 'http://127.0.0.1:7480',
      pathStyle: true,
      credentialsFile: resolve('keys/s3'),
      objectLock: { mode: 'compliance', days: 30 },
      checksums: 'when_supported',
    },
  })
})

test('what it does not say is as ecomdb.yaml says of its own bucket', async () => {
  const s3 = { bucket: 'one', prefix: 'x', endpoint: 'https://e', credentials_file: 'keys/s3' }
  const place = await placeOf('s3://two?path_style=false', { s3, rate_limit_mib: 2 }, '/etc/ecomdb')
  expect(place).toMatchObject({
    s3: { bucket: 'two', prefix: '', endpoint: 'https://e', pathStyle: false },
    rateLimit: 2 * 1024 * 1024,
  })
  expect(place.s3?.credentialsFile).toBe('/etc/ecomdb/keys/s3')
})

test.each([
  ['s3:bucket', 'expected'],
  ['s3://', 'name of a bucket'],
  ['s3://b-1?secret_key=hunter2', 'secret_key'],
  ['s3://AKIA:hunter2@b-1/x', 'credentials do not belong here'],
  ['s3://b-1?endpoint=nowhere', 'https://host'],
  ['s3://b-1/../x?lock_mode=soft&lock_days=1', 'governance'],
])('%s is refused, and shows no secret', async (location, why) => {
  const error = await placeOf(location).catch(thrown => thrown)
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
  expect(`${error.what} ${error.why}`).not.toContain('hunter2')
  if (why !== 'expected') expect(error.why).toContain(why)
})
