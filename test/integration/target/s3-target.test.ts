import { afterAll, beforeAll, describe } from 'vitest'
import { systemClock } from '#core/clock'
import { openS3Target } from '#target/s3/open-s3-target'
import { makeBucket } from '#test/buckets'
import { type CephGateway, cephMissing, startCeph } from '#test/ceph'
import { targetContract } from '../../contract/target.ts'

const missing = cephMissing()
let ceph: CephGateway

beforeAll(async () => {
  if (missing) return
  ceph = await startCeph()
  process.env['AWS_ACCESS_KEY_ID'] = ceph.accessKey
  process.env['AWS_SECRET_ACCESS_KEY'] = ceph.secretKey
})
afterAll(() => ceph?.stop())

describe.skipIf(missing)('a bucket', () => {
  targetContract(async () => openS3Target(await makeBucket(ceph), systemClock))
})

describe.skipIf(missing)('a bucket with locks', () => {
  targetContract(async () => openS3Target(await makeBucket(ceph, true), systemClock))
})
