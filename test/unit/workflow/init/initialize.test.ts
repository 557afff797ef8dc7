import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { placeOf } from '#config/target-location'
import { silentProgress } from '#core/progress'
import { makeFolder } from '#test/temporary'
import { initialize } from '#workflow/init/initialize'

test('locks that a file does not have are not taken for those that --target asks for', async () => {
  const folder = await makeFolder()
  try {
    const file = join(folder, 'ecomdb.yaml')
    const text = 'target:\n  s3:\n    bucket: shop-backups\n'
    await writeFile(file, text)
    const target = await placeOf('s3://shop-backups?lock_mode=compliance&lock_days=30')
    const openTarget = async () => await Promise.reject(new Error('it was gone on with'))
    const init = initialize(
      { folder, target, runsOn: 'all' } as never,
      { openTarget } as never,
      silentProgress(),
    )
    await expect(init).rejects.toMatchObject({
      code: 'USAGE',
      why: expect.stringContaining(
        'object_lock is not set there, and not days 30, mode compliance',
      ),
    })
    expect(await readFile(file, 'utf8')).toBe(text)
  } finally {
    await rm(folder, { recursive: true })
  }
})
