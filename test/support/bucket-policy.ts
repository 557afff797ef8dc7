import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PutBucketPolicyCommand } from '@aws-sdk/client-s3'
import { packageRoot } from '#core/paths'
import type { S3Place } from '#domain/target-place'
import { ownerClient } from '#test/buckets'
import type { CephGateway } from '#test/ceph'

/** Accounts of a gateway, by what docs/s3.md calls them. */
export type Principals = Readonly<Record<'BACKUP' | 'VAULT' | 'DRILL', string>>

/** Sets the policy that docs/s3.md prints. */
export async function setDocumentedPolicy(
  ceph: CephGateway,
  { bucket, prefix }: S3Place,
  principals: Principals,
): Promise<void> {
  const text = await readFile(join(packageRoot(), 'docs/s3.md'), 'utf8')
  const [, printed] = /^```json\n([\s\S]*?)^```$/m.exec(text) ?? []
  if (!printed) throw new Error('docs/s3.md prints no policy')
  const named = Object.entries(principals).reduce(
    (policy, [role, user]) => policy.replaceAll(`"${role}"`, `"arn:aws:iam:::user/${user}"`),
    printed.replaceAll('shop-backups/shop/', `${bucket}/${prefix}/`),
  )
  await ownerClient(ceph).send(
    new PutBucketPolicyCommand({
      Bucket: bucket,
      Policy: named.replaceAll('shop-backups', bucket),
    }),
  )
}
