import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import {
  cleanUpAfterInterrupt,
  evenIfInterrupted,
  onInterrupt,
  throwIfInterrupted,
} from '#core/interruption'
import { createRepository } from '#repository/repository'
import { openS3Target } from '#target/s3/open-s3-target'
import { retry } from '#target/wrap/retry'
import { makeBucket, ownerClient } from '#test/buckets'
import { cephMissing } from '#test/ceph'
import { cephOfFile } from '#test/ceph-of-file'
import { makeKeys } from '#test/snapshots'

// One signal for this whole file: it ends a process.

const missing = cephMissing()
const ceph = cephOfFile()

describe.skipIf(missing)('a backup to a bucket that a signal ends', () => {
  test('says so in the repository, and expire does not wait for it', async () => {
    const place = await makeBucket(ceph, true)
    const target = await openS3Target(place, systemClock)
    const { options } = await makeKeys()
    const writer = await (await createRepository(target, systemClock)).startSnapshot(options)
    onInterrupt(() => writer.close())
    expect(await cleanUpAfterInterrupt()).toEqual({ done: 1, failed: [] })
    const list = new ListObjectsV2Command({ Bucket: place.bucket, Prefix: place.prefix })
    const { Contents = [] } = await ownerClient(ceph).send(list)
    expect(Contents.map(({ Key }) => Key)).toContain(
      `${place.prefix}/snapshots/${writer.snapshotId}/ended.json`,
    )
  })
})

test('what is done even then is tried once, and nothing else is', async () => {
  await cleanUpAfterInterrupt()
  expect(throwIfInterrupted).toThrow('interrupted')
  let tries = 0
  const fails = (): Promise<void> => {
    tries += 1
    return Promise.reject(new Error('it fails'))
  }
  const options = { attempts: 9, firstWaitMs: 1, longestWaitMs: 1 }
  const trying = () => retry(fails, () => true, options)
  await expect(trying()).rejects.toThrow('interrupted')
  await expect(evenIfInterrupted(trying)).rejects.toThrow('it fails')
  expect(tries).toBe(1)
})
