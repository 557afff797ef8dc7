import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { preparedCopyText } from '#report/copy-text'
import { createRepository } from '#repository/repository'
import { openS3Target } from '#target/s3/open-s3-target'
import { makeBucket, ownerClient } from '#test/buckets'
import { type CephGateway, cephMissing, startCeph } from '#test/ceph'
import { prepareCopy } from '#workflow/copy/prepare-copy'

const missing = cephMissing()
let ours: CephGateway
let theirs: CephGateway
beforeAll(async () => {
  if (missing) return
  ours = await startCeph()
  theirs = await startCeph()
  process.env['AWS_ACCESS_KEY_ID'] = ours.accessKey
  process.env['AWS_SECRET_ACCESS_KEY'] = ours.secretKey
})
afterAll(async () => {
  await ours?.stop()
  await theirs?.stop()
})

test.skipIf(missing)(
  'a bucket of the same name at another service is no repository itself',
  async () => {
    const place = await makeBucket(ours, true)
    const other = { ...place, endpoint: theirs.endpoint }
    await ownerClient(theirs).send(
      new CreateBucketCommand({ Bucket: place.bucket, ObjectLockEnabledForBucket: true }),
    )
    const [source, destination] = [
      await openS3Target(place, systemClock),
      await openS3Target(other, systemClock),
    ]
    await createRepository(source, systemClock)
    const options = { source, label: 'far', sameDisk: false, clock: systemClock }
    const made = await prepareCopy({ ...options, destination })
    expect(made).toMatchObject({ made: true })
    // What is advised leads to that service.
    expect(preparedCopyText(made)).toMatch(/^prepared far in s3:.* \(a bucket\)$/m)
    expect(preparedCopyText(made)).not.toContain(`--to s3://${place.bucket}`)
    await expect(prepareCopy({ ...options, destination: source })).rejects.toThrow('will not make')
  },
)
