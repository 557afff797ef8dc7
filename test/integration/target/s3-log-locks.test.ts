import { PutObjectRetentionCommand } from '@aws-sdk/client-s3'
import { beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import type { S3Place } from '#domain/target-place'
import { BinlogArchive } from '#repository/binlog-archive'
import { createRepository } from '#repository/repository'
import { openS3Target } from '#target/s3/open-s3-target'
import type { Target } from '#target/target'
import { archiveFiles } from '#test/archived-files'
import { makeBucket, ownerClient } from '#test/buckets'
import { cephMissing } from '#test/ceph'
import { cephOfFile } from '#test/ceph-of-file'
import { commitSnapshot, makeKeys, type TestKeys } from '#test/snapshots'
import { unlockedLog } from '#workflow/backup/check-log-locks'
import { verifySnapshots } from '#workflow/backup/verify-snapshots'
import { targetStatus } from '#workflow/target/target-status'

const missing = cephMissing()
const ceph = cephOfFile()
const DAY_MS = 86_400_000

describe.skipIf(missing)('locks of the archived log', () => {
  let place: S3Place
  let target: Target
  let keys: TestKeys
  let stretchId: string
  beforeEach(async () => {
    place = await makeBucket(ceph, true)
    target = await openS3Target(place, systemClock)
    keys = await makeKeys()
    await commitSnapshot(await createRepository(target, systemClock), keys.options, ['1\n'])
    stretchId = (await BinlogArchive.open(target)).newStretchId(systemClock, [])
    await archiveInto(target, 3)
  })

  const archiveInto = async (into: Target, count: number): Promise<void> =>
    await archiveFiles(await BinlogArchive.open(into), keys, stretchId, count)

  const segments = async () => {
    const archive = await BinlogArchive.open(target)
    const { stretches } = await archive.stretches(keys.options.trustedSigners)
    return (stretches[0]?.segments ?? []).map(({ sequence, object }) => {
      const bytes = object?.path ?? ''
      return { sequence, bytes, envelope: bytes.replace(/\.[0-9a-f]{16}\.age$/, '.json') }
    })
  }

  const found = async (asked = target, now = new Date()) => {
    const { repository } = await BinlogArchive.open(target)
    const { trustedSigners } = keys.options
    const { snapshots } = await repository.listSnapshots(trustedSigners)
    return await unlockedLog(asked, snapshots, trustedSigners, now)
  }

  const inDays = (days: number): Date =>
    new Date(Math.ceil(Date.now() / 1000) * 1000 + days * DAY_MS)

  test('of segments that somebody shortened, or stored without one, are told', async () => {
    expect(await found()).toEqual([])
    const [first, second, third] = await segments()
    // With the right to bypass locks.
    await ownerClient(ceph).send(
      new PutObjectRetentionCommand({
        ...{ Bucket: place.bucket, Key: `${place.prefix}/${first?.bytes}` },
        Retention: { Mode: 'GOVERNANCE', RetainUntilDate: inDays(0.01) },
        BypassGovernanceRetention: true,
      }),
    )
    const { objectLock: _, ...open } = place
    await archiveInto(await openS3Target(open, systemClock), 1)
    // An expire holds the envelope last: what it is held for, its bytes are.
    await target.lock?.hold(second?.bytes ?? '', inDays(30))
    await target.lock?.hold(second?.envelope ?? '', inDays(30))
    await target.lock?.hold(third?.envelope ?? '', inDays(30))
    const fourth = (await segments()).at(-1)
    const promises = 'its snapshot promises 20'
    const exposed = [
      [first?.bytes, new RegExp(`^is locked until .* only; ${promises}`)],
      [third?.bytes, new RegExp(`^is locked until .* only; ${promises}`)],
      [fourth?.bytes, new RegExp(`^is not locked; ${promises}`)],
      [fourth?.envelope, new RegExp(`^is not locked; ${promises}`)],
    ].map(([name, words]) => ({ name, problem: expect.stringMatching(words ?? '') }))
    expect(await found()).toEqual(exposed)
    expect(await found(target, inDays(2))).toEqual([exposed[1]])

    const { recipients, trustedSigners } = keys.options
    const configured = { recipients, trustedSigners, identityFiles: [] }
    const asked = { target, keys: configured, clock: systemClock }
    const status = await targetStatus(asked, silentProgress())
    expect(status.exposed).toEqual(exposed)
    expect(status.findings).toEqual(['4 files laid over or not locked'])
    const verified = await verifySnapshots(
      { ...asked, snapshot: 'all', deep: false },
      silentProgress(),
    )
    expect([verified.outcome, verified.exposed]).toEqual(['passed', exposed])
  })

  test('of days that were more or fewer, when the log was stored or since, are no finding', async () => {
    for (const days of [3, 0.5]) {
      const changed = await openS3Target(
        { ...place, objectLock: { mode: 'governance', days } },
        systemClock,
      )
      expect(await found(changed), `${days}`).toEqual([])
      await archiveInto(changed, 1)
      expect(await found(changed), `${days}`).toEqual([])
    }
    const strict: S3Place = { ...place, objectLock: { mode: 'compliance', days: 1 } }
    const weaker = await found(await openS3Target(strict, systemClock))
    expect(weaker).toHaveLength(10)
    expect(weaker[0]?.problem).toContain('in governance mode, and target.s3.object_lock asks')
  })
})
