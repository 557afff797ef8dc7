import { join } from 'node:path'
import { PutObjectRetentionCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { writeSigningKey } from '#crypto/key-files'
import type { S3Place } from '#domain/target-place'
import { BinlogArchive } from '#repository/binlog-archive'
import { createRepository, openRepository } from '#repository/repository'
import { openS3Target } from '#target/s3/open-s3-target'
import { archiveFiles } from '#test/archived-files'
import { makeBucket, ownerClient } from '#test/buckets'
import { cephMissing } from '#test/ceph'
import { cephOfFile } from '#test/ceph-of-file'
import { commitSnapshot, makeKeys } from '#test/snapshots'
import { withFolder } from '#test/temporary'
import { verifySnapshots } from '#workflow/backup/verify-snapshots'
import { copyRepository } from '#workflow/copy/copy-repository'
import { prepareCopy } from '#workflow/copy/prepare-copy'
import { repositoryPlace } from '#workflow/status/known-places'
import { targetStatus } from '#workflow/target/target-status'

const missing = cephMissing()
const ceph = cephOfFile()

const opened = async (days: number) => {
  const place = await makeBucket(ceph, true)
  const objectLock = { mode: 'governance', days } as const
  return { place, target: await openS3Target({ ...place, objectLock }, systemClock) }
}

/** With the right to bypass locks. */
async function shorten({ bucket, prefix }: S3Place, name: string) {
  const RetainUntilDate = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000)
  await ownerClient(ceph).send(
    new PutObjectRetentionCommand({
      ...{ Bucket: bucket, Key: `${prefix}/${name}` },
      ...{ Retention: { Mode: 'GOVERNANCE', RetainUntilDate }, BypassGovernanceRetention: true },
    }),
  )
}

// The first bucket promises three days, the copy holds for one; then backups go to the copy.
describe.skipIf(missing)('a bucket that was a copy', () => {
  test.for([
    ['with a record of what it was given', true],
    ['without a record', false],
  ] as const)('is asked for the locks that were promised in it, %s', async ([, isRecorded]) => {
    await withFolder(async folder => {
      const keys = await makeKeys()
      const { recipients, trustedSigners } = keys.options
      const signingKeyFile = join(folder, 'signing.pem')
      await writeSigningKey(signingKeyFile, keys.signingKey)
      const configured = { recipients, trustedSigners, identityFiles: [] }
      const source = (await opened(3)).target
      await commitSnapshot(await createRepository(source, systemClock), keys.options, ['1\n'])
      const { place, target } = await opened(1)
      const copying = { source, destination: target, clock: systemClock }
      await prepareCopy({ ...copying, label: 'far', sameDisk: true })
      const copied = await copyRepository(
        {
          ...{ ...copying, eject: null },
          keys: isRecorded ? { ...configured, signingKeyFile } : configured,
          place: { name: null, media: null, offsite: true, offline: false },
        },
        silentProgress(),
      )
      expect(copied.recordId !== null).toBe(isRecorded)

      const asked = { target, keys: configured, clock: systemClock }
      const exposed = async (isTarget: boolean) => {
        const verify = { ...asked, snapshot: 'all', deep: false, isTarget }
        const found = (await verifySnapshots(verify, silentProgress())).exposed
        const status = await targetStatus({ ...asked, isTarget }, silentProgress())
        expect(status.exposed).toEqual(found)
        return found.map(({ name }) => name)
      }
      const repository = await openRepository(target)
      const held = async (): Promise<unknown[]> => {
        const { snapshots } = await repository.listSnapshots(trustedSigners)
        const config = { target: { media: null, offsite: false }, keys: configured }
        const now = new Date()
        const found = await repositoryPlace(target, repository, snapshots, config as never, now)
        return [...found.held.values()]
      }
      expect(await exposed(true)).toEqual([])
      expect(await held()).toMatchObject([{ loose: 0, shortened: 0 }])

      const { envelope } = await commitSnapshot(repository, keys.options, ['1\n', '2\n'])
      const archive = await BinlogArchive.open(target)
      const stretchId = archive.newStretchId(systemClock, [])
      await archiveFiles(archive, keys, stretchId, 2)
      expect(await exposed(true)).toEqual([])
      const { stretches } = await archive.stretches(trustedSigners)
      const segment = stretches[0]?.segments[0]?.object?.path ?? ''
      for (const { path } of envelope.objects) await shorten(place, path)
      await shorten(place, segment)
      const names = [...envelope.objects.map(({ path }) => path), segment]
      expect((await exposed(true)).sort()).toEqual(names.sort())
      expect(await held()).toMatchObject([{ until: null, loose: 0, shortened: names.length - 1 }])
      // As a copy of another repository it promises nothing.
      expect(await exposed(false)).toEqual([])
    })
  })
})
