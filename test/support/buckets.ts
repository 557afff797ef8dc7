import { randomBytes } from 'node:crypto'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { S3Place } from '#domain/target-place'
import type { CephGateway } from '#test/ceph'

/** The SDK itself, with the rights of the bucket's owner: for what an attacker would do. */
export function ownerClient({ endpoint, accessKey, secretKey }: CephGateway): S3Client {
  return new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
  })
}

/** A new bucket, and where it is; `locks` makes it keep versions, too. */
export async function makeBucket(ceph: CephGateway, locks = false): Promise<S3Place> {
  const bucket = `b-${randomBytes(6).toString('hex')}`
  await ownerClient(ceph).send(
    new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: locks }),
  )
  return {
    bucket,
    prefix: 'backups/shop',
    endpoint: ceph.endpoint,
    pathStyle: true,
    checksums: 'when_supported',
    bucketOwnerFullControl: false,
    ...(locks ? { objectLock: { mode: 'governance', days: 1 } } : {}),
  }
}
