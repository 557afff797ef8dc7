import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { createRepository } from '#repository/repository'
import { openS3Target } from '#target/s3/open-s3-target'
import { makeBucket } from '#test/buckets'
import { cephMissing } from '#test/ceph'
import { cephOfFile } from '#test/ceph-of-file'
import { runEcomdb } from '#test/cli'
import { TEST_ENGINES } from '#test/engines'
import { LoggedShop } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

const missing = cephMissing()
const ceph = cephOfFile()

describe.skipIf(missing).each(TEST_ENGINES)('%s: the log, archived into a bucket', family => {
  let folder: string
  let shop: LoggedShop
  beforeAll(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make(family, folder)
    await shop.run(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.words (word VARCHAR(20)) ENGINE = InnoDB',
    )
  })
  afterAll(async () => {
    await shop?.stop()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  test('has what an archiver held when it was ended in good order', async () => {
    const place = await makeBucket(ceph, true)
    await createRepository(await openS3Target(place, systemClock), systemClock)
    const query = `endpoint=${place.endpoint}&lock_mode=governance&lock_days=1`
    const env = {
      ECOMDB_TARGET: `s3://${place.bucket}/${place.prefix}?${query}`,
      AWS_ACCESS_KEY_ID: ceph.accessKey,
      AWS_SECRET_ACCESS_KEY: ceph.secretKey,
    }
    const window = async () => {
      const args = ['backup', 'window', '--json', '--config', `${shop.folder}/ecomdb.yaml`]
      const run = await runEcomdb(args, { env: { ...shop.environment(), ...env } })
      return run.json().result.sources[0]?.stretches[0]
    }
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      const follower = shop.follow(env, '--segment-seconds', '3600')
      await follower.following(1)
      await sleep(1000)
      await shop.run(`INSERT INTO shop.words VALUES ('${signal}')`)
      await sleep(1000)
      const before = (await window())?.transactions ?? 0
      follower.kill(signal)
      expect(await follower.ended).toBe(130)
      expect(follower.output()).toContain('what was begun was cleaned up')
      expect((await window()).transactions).toBeGreaterThan(before)
    }
  })
})
