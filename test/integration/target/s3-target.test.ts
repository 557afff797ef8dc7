import { describe } from 'vitest'
import { systemClock } from '#core/clock'
import { openS3Target } from '#target/s3/open-s3-target'
import { makeBucket } from '#test/buckets'
import { cephMissing } from '#test/ceph'
import { cephOfFile } from '#test/ceph-of-file'
import { targetContract } from '../../contract/target.ts'

const missing = cephMissing()
const ceph = cephOfFile()

describe.skipIf(missing)('a bucket', () => {
  targetContract(async () => openS3Target(await makeBucket(ceph), systemClock))
})

describe.skipIf(missing)('a bucket with locks', () => {
  targetContract(async () => openS3Target(await makeBucket(ceph, true), systemClock))
})
