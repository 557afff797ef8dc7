import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { wire } from '#cli/wire'
import { loadConfig } from '#config/load-config'
import { withFolder } from '#test/temporary'

test('what a bucket after --to leaves out is as ecomdb.yaml says of its own bucket', () =>
  withFolder(async folder => {
    const file = join(folder, 'ecomdb.yaml')
    await writeFile(
      file,
      `target:
  s3:
    bucket: shop-backups
    endpoint: https://s3.example.org
    credentials_file: keys/s3
    object_lock: { mode: compliance, days: 30 }
`,
    )
    const config = await loadConfig({ file, environment: {} })
    await expect(wire.copyPlace(config, 's3://shop-copy/shop')).rejects.toMatchObject({
      code: 'SECRET_MISSING',
      message: expect.stringContaining(join(folder, 'keys/s3')),
    })
    const word = 's3://shop-copy/shop?profile=copy'
    await writeFile(join(folder, 's3'), '[copy]\naws_access_key_id=a\naws_secret_access_key=b\n', {
      mode: 0o600,
    })
    const own = `${word}&credentials_file=${join(folder, 's3')}`
    const { destination } = await wire.copyPlace(config, own)
    expect(destination.label).toBe('s3://shop-copy/shop')
    expect(destination.lock).toEqual({ mode: 'compliance', days: 30 })
    const folderOfCopy = await wire.copyPlace(config, '/mnt/disk')
    expect(folderOfCopy.destination.label).toBe('/mnt/disk')
  }))
