import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { copyReportText } from '#report/copy-text'
import { BinlogArchive } from '#repository/binlog-archive'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { openS3Target } from '#target/s3/open-s3-target'
import { archiveFiles } from '#test/archived-files'
import { makeBucket, ownerClient } from '#test/buckets'
import { cephMissing } from '#test/ceph'
import { cephOfFile } from '#test/ceph-of-file'
import { commitSnapshot } from '#test/snapshots'
import { storeRepository } from '#test/stored-repository'
import { withFolder } from '#test/temporary'
import { copyRepository } from '#workflow/copy/copy-repository'
import { prepareCopy } from '#workflow/copy/prepare-copy'

const missing = cephMissing()
const ceph = cephOfFile()

test.skipIf(missing)(
  'what is damaged and locked in a copy keeps nothing else from it',
  async () => {
    await withFolder(async folder => {
      const { path, keys, repository } = await storeRepository(folder)
      const source = openDirectoryTarget(path)
      const archive = await BinlogArchive.open(source)
      const stretchId = archive.newStretchId(systemClock, [])
      await archiveFiles(archive, keys, stretchId, 2)
      const place = await makeBucket(ceph, true)
      const destination = await openS3Target(place, systemClock)
      const options = { source, destination, clock: systemClock }
      await prepareCopy({ ...options, label: 'far', sameDisk: true })
      const { recipients, trustedSigners } = keys.options
      const copy = () =>
        copyRepository(
          {
            ...{ ...options, eject: null, keys: { recipients, trustedSigners, identityFiles: [] } },
            place: { name: null, media: null, offsite: true, offline: false },
          },
          silentProgress(),
        )
      expect(await copy()).toMatchObject({ outcome: 'passed', incomplete: [], damagedLog: [] })
      const { snapshots } = await repository.listSnapshots(trustedSigners)
      const owner = ownerClient(ceph)
      const cut = async (name: string, versionId: string | undefined): Promise<void> => {
        const object = { Bucket: place.bucket, Key: `${place.prefix}/${name}` }
        await owner.send(
          new DeleteObjectCommand({
            ...{ ...object, VersionId: versionId, BypassGovernanceRetention: true },
          }),
        )
        await owner.send(
          new PutObjectCommand({
            ...{ ...object, Body: 'cut', ObjectLockMode: 'GOVERNANCE' },
            ObjectLockRetainUntilDate: new Date(Date.now() + 3_600_000),
          }),
        )
      }
      const versionIn = async (name: string): Promise<string | undefined> => {
        const list = { Bucket: place.bucket, Prefix: `${place.prefix}/${name}` }
        const { Versions = [] } = await owner.send(new ListObjectVersionsCommand(list))
        return Versions[0]?.VersionId
      }
      const lost = snapshots.at(-1)?.objects[0]?.path ?? ''
      const { stretches } = await archive.stretches(trustedSigners)
      const segment = stretches[0]?.segments[0]?.object?.path ?? ''
      for (const name of [lost, segment]) await cut(name, await versionIn(name))

      await archiveFiles(archive, keys, stretchId, 1)
      const { envelope } = await commitSnapshot(repository, keys.options, ['new\n'])
      const report = await copy()
      expect(report).toMatchObject({ outcome: 'failed', copied: [envelope.snapshotId] })
      const problem = expect.stringMatching(/^.* is damaged in the copy, .*: locked until 2/)
      expect(report.incomplete.map(one => one.problem)).toContainEqual(problem)
      expect(report.damagedLog).toEqual([{ name: expect.any(String), problem }])
      expect(copyReportText(report)).toMatch(/^FAILED\. All else was copied\. .*$/m)
      expect(copyReportText(report)).not.toContain('The repository is damaged')
      const brought = await (await BinlogArchive.open(destination)).stretches(trustedSigners)
      expect(brought.stretches[0]?.segments).toHaveLength(3)
    })
  },
)
