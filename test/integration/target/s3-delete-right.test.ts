import { ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { openS3Target } from '#target/s3/open-s3-target'
import { setDocumentedPolicy } from '#test/bucket-policy'
import { makeBucket, ownerClient } from '#test/buckets'
import { type CephGateway, cephMissing, startCeph } from '#test/ceph'

const missing = cephMissing()
let ceph: CephGateway

beforeAll(async () => {
  if (!missing) ceph = await startCeph()
})
afterAll(() => ceph?.stop())

function actAs({ accessKey, secretKey }: Pick<CephGateway, 'accessKey' | 'secretKey'>): void {
  process.env['AWS_ACCESS_KEY_ID'] = accessKey
  process.env['AWS_SECRET_ACCESS_KEY'] = secretKey
}

test.skipIf(missing)(
  'whether an account may remove files is asked of the service, and nothing is left of it',
  async () => {
    const roles = new Map<string, Pick<CephGateway, 'accessKey' | 'secretKey'>>()
    for (const role of ['backup', 'vault', 'drill']) roles.set(role, await ceph.addUser(role))
    for (const versioned of [false, true]) {
      const place = await makeBucket(ceph, versioned)
      const principals = { BACKUP: 'backup', VAULT: 'vault', DRILL: 'drill' }
      await setDocumentedPolicy(ceph, place, principals)
      const found: Record<string, boolean | undefined> = {}
      for (const [role, keys] of [...roles, ['owner', ceph] as const]) {
        actAs(keys)
        const target = await openS3Target(place, systemClock)
        found[role] = (await target.inspect(true)).canRemove
        expect((await target.inspect()).canRemove).toBeUndefined()
      }
      expect(found, `versions: ${versioned}`).toMatchObject({ backup: false, owner: true })
      if (versioned) expect(found).toMatchObject({ vault: true })
      const kept = await ownerClient(ceph).send(
        new ListObjectVersionsCommand({ Bucket: place.bucket }),
      )
      expect([kept.Versions ?? [], kept.DeleteMarkers ?? []]).toEqual([[], []])
    }
  },
)
