import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PutObjectLegalHoldCommand, PutObjectRetentionCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Clock, systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { writeSigningKey } from '#crypto/key-files'
import type { BinlogSegment } from '#domain/binlog/segment'
import { lockUntilOf } from '#domain/retention/decide-retention'
import type { S3Place } from '#domain/target-place'
import { BinlogArchive } from '#repository/binlog-archive'
import { segmentFile } from '#repository/layout'
import { createRepository, openRepository } from '#repository/repository'
import { openS3Target } from '#target/s3/open-s3-target'
import type { Target } from '#target/target'
import { archiveFiles, inFile } from '#test/archived-files'
import { makeBucket, ownerClient } from '#test/buckets'
import { type CephGateway, cephMissing, startCeph } from '#test/ceph'
import { startFaultProxy } from '#test/fault-proxy'
import { commitSnapshot, makeKeys, type TestKeys } from '#test/snapshots'
import { makeFolder } from '#test/temporary'
import { checkProtection } from '#workflow/backup/check-protection'
import { verifySnapshots } from '#workflow/backup/verify-snapshots'
import { type ExpireOptions, expireSnapshots } from '#workflow/expire/expire-snapshots'

// A bucket that locks: nothing that is held is removed, and what is kept is held for its class.

const missing = cephMissing()
const LOCK_SECONDS = 8
let ceph: CephGateway
let folder: string
let keys: TestKeys

beforeAll(async () => {
  if (missing) return
  ceph = await startCeph()
  process.env['AWS_ACCESS_KEY_ID'] = ceph.accessKey
  process.env['AWS_SECRET_ACCESS_KEY'] = ceph.secretKey
  folder = join(await makeFolder(), 'keys')
  await mkdir(folder)
  keys = await makeKeys()
  await writeSigningKey(join(folder, 'signing.pem'), keys.signingKey)
})
afterAll(async () => {
  await ceph?.stop()
  if (folder) await rm(join(folder, '..'), { recursive: true })
})

const policyWith = (change: object): ExpireOptions['policy'] => ({
  file: 'test',
  objectives: { rpoMs: null, rtoMs: null, drillEveryMs: null },
  retention: {
    ...{ last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
    ...{ proof: 'verify', unprovenMs: 0, waitMs: 0, logMs: null, ...change },
  },
  brake: { shrinkTo: 0, staleMs: 86_400_000, formerServers: [] },
  longestBackupMs: 3_600_000,
  runsOn: {
    backup: 'vault',
    copy: 'vault',
    verify: 'vault',
    expire: 'vault',
    drill: 'vault',
    seal: 'vault',
    access: 'vault',
    reports: 'vault',
  },
  schedule: { timeZone: 'UTC', jobs: new Map() },
  reports: [],
})

describe.skipIf(missing)('expire in a bucket with locks', () => {
  let target: Target
  const configured = () => ({
    recipients: keys.options.recipients,
    trustedSigners: keys.options.trustedSigners,
    signingKeyFile: join(folder, 'signing.pem'),
    identityFiles: [],
  })
  const expire = (change: object = {}, clock: Clock = systemClock) =>
    expireSnapshots(
      {
        ...{ target, keys: configured(), policy: policyWith(change), confirm: true },
        ...{ accept: null, clock },
      },
      silentProgress(),
    )

  test('waits for the lock, and holds what it keeps until its class runs out', async () => {
    const place = await makeBucket(ceph, true)
    const lock: S3Place['objectLock'] = { mode: 'governance', days: LOCK_SECONDS / 86_400 }
    target = await openS3Target({ ...place, objectLock: lock }, systemClock)
    const repository = await createRepository(target, systemClock)
    const first = await commitSnapshot(repository, keys.options, ['1\n', '2\n'])
    const second = await commitSnapshot(repository, keys.options, ['1\n', '3\n'])
    const verify = { target, snapshot: 'all', deep: false, keys: configured(), clock: systemClock }
    await verifySnapshots(verify, silentProgress())

    const lockEndMs = Date.parse(second.envelope.lockUntil ?? '')
    // A machine may be so busy that the lock is over by now.
    const inTime = { ...systemClock, now: () => new Date(Math.min(Date.now(), lockEndMs - 1000)) }
    const early = await expire({}, inTime)
    expect(early.snapshots[0]).toMatchObject({ action: 'keep', removed: false })
    expect(early.snapshots[0]?.reasons.join()).toContain('locked until')
    // On a busy machine its envelope came so late that it is held for longer than the second's files.
    const firstEnd = await target.lock?.heldUntil(
      `snapshots/${first.envelope.snapshotId}/snapshot.json`,
    )
    const endMs = Math.max(lockEndMs, firstEnd?.getTime() ?? 0)
    await sleep(Math.max(0, endMs + 1000 - Date.now()))
    const late = await expire()
    expect(late.removed.snapshots).toBe(1)
    const { snapshots } = await (await openRepository(target)).listSnapshots(
      configured().trustedSigners,
    )
    expect(snapshots.map(({ snapshotId }) => snapshotId)).toEqual([second.envelope.snapshotId])
    const shared = first.envelope.objects.filter(({ path }) =>
      second.envelope.objects.some(one => one.path === path),
    )
    expect(shared).toHaveLength(1)

    const { locked } = await expire({ daily: 3 })
    expect(locked).toEqual({ snapshots: 1, files: 3, segments: 0 })
    const until = lockUntilOf(
      new Date(second.envelope.consistentAt),
      ['daily'],
      policyWith({ daily: 3 }).retention,
    )
    for (const { path, versionId } of [...second.envelope.objects, second.envelope.manifest]) {
      expect(await target.lock?.heldUntil(path, versionId)).toEqual(until)
    }
    expect((await expire({ daily: 3 })).locked.snapshots).toBe(0)

    // What the class promises is asked about, too: somebody with the right to bypass locks has shortened one.
    const asked = [target, [second.envelope], new Date()] as const
    expect(await checkProtection(...asked)).toEqual([])
    const [{ path, versionId } = { path: '', versionId: '' }] = second.envelope.objects
    const RetainUntilDate = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000)
    await ownerClient(ceph).send(
      new PutObjectRetentionCommand({
        ...{ Bucket: place.bucket, Key: `${place.prefix}/${path}`, VersionId: versionId },
        ...{ Retention: { Mode: 'GOVERNANCE', RetainUntilDate }, BypassGovernanceRetention: true },
      }),
    )
    expect(await checkProtection(...asked)).toMatchObject([
      { name: path, problem: expect.stringContaining(`promises ${until?.toISOString()}`) },
    ])
  })

  test('the log that no snapshot needs, once its lock is over', async () => {
    const place = await makeBucket(ceph, true)
    const lock: S3Place['objectLock'] = { mode: 'governance', days: LOCK_SECONDS / 86_400 }
    target = await openS3Target({ ...place, objectLock: lock }, systemClock)
    const repository = await createRepository(target, systemClock)
    const archive = await BinlogArchive.open(target)
    await archiveFiles(archive, keys, archive.newStretchId(systemClock, []), 3)
    await commitSnapshot(repository, keys.options, ['1\n'], inFile(2))
    const lockEndMs = Date.now() + LOCK_SECONDS * 1000
    const inTime = { ...systemClock, now: () => new Date(Math.min(Date.now(), lockEndMs - 5000)) }
    const early = await expire({}, inTime)
    expect(early).toMatchObject({ log: [{ segments: 1, removed: 0 }], notRemoved: [] })
    await sleep(Math.max(0, lockEndMs + 1000 - Date.now()))
    expect((await expire()).log).toMatchObject([{ segments: 1, removed: 1 }])
    const { stretches, refused, unreadable } = await archive.stretches(keys.options.trustedSigners)
    expect([refused, unreadable]).toEqual([[], []])
    expect(stretches[0]?.segments.map(({ sequence }) => sequence)).toEqual([2, 3])
    expect((await expire()).log).toEqual([])
  })

  test('the log is held as long as the snapshot that leads through it, and as far back as it is wanted', async () => {
    const place = await makeBucket(ceph, true)
    const lock: S3Place['objectLock'] = { mode: 'governance', days: LOCK_SECONDS / 86_400 }
    target = await openS3Target({ ...place, objectLock: lock }, systemClock)
    const repository = await createRepository(target, systemClock)
    const archive = await BinlogArchive.open(target)
    const stretchId = archive.newStretchId(systemClock, [])
    await archiveFiles(archive, keys, stretchId, 4)
    const { envelope } = await commitSnapshot(repository, keys.options, ['1\n'], inFile(2))
    const { trustedSigners } = keys.options
    const segments = async (): Promise<readonly BinlogSegment[]> =>
      (await archive.stretches(trustedSigners)).stretches[0]?.segments ?? []
    /** Of each segment, until when its envelope and its bytes are held, in seconds from now. */
    const heldFor = async (): Promise<(readonly (number | null)[])[]> =>
      await Promise.all(
        (await segments()).map(async ({ sourceId, sequence, object }) => {
          const names = [segmentFile(sourceId, stretchId, sequence), object?.path ?? '']
          const held = await Promise.all(names.map(name => target.lock?.heldUntil(name)))
          return held.map(until => (until ? (until.getTime() - Date.now()) / 1000 : null))
        }),
      )
    const rounded = async (): Promise<(readonly (number | null)[])[]> =>
      (await heldFor()).map(both =>
        both.map(seconds => (seconds === null ? null : Math.round(seconds / 1800) * 1800)),
      )

    // Bytes of the log that were lost keep nothing else from being held.
    await sleep(LOCK_SECONDS * 1000 + 1000)
    const lost = (await segments())[3]
    await target.remove(lost?.object?.path ?? '')
    const verify = { target, snapshot: 'all', deep: false, keys: configured(), clock: systemClock }
    await verifySnapshots(verify, silentProgress())
    // Only the snapshot's own day is a class of it: three days, of which the log is wanted for an hour.
    const hour = await expire({ daily: 3, logMs: 3_600_000 })
    expect(hour.locked).toMatchObject({ snapshots: 1, segments: 3 })
    // The first one is not needed, and gone.
    expect(hour.log).toMatchObject([{ removed: 1 }])
    const hours = [3600, 3600]
    expect(await rounded()).toEqual([hours, hours, [3600, null]])
    expect((await expire({ daily: 3, logMs: 3_600_000 })).locked.segments).toBe(0)

    // What comes later, and all of it where the log is wanted as long as its snapshots.
    await archiveFiles(archive, keys, stretchId, 1)
    const all = await expire({ daily: 3 })
    expect(all.locked).toMatchObject({ snapshots: 0, segments: 4 })
    const until = lockUntilOf(
      new Date(envelope.consistentAt),
      ['daily'],
      policyWith({ daily: 3 }).retention,
    )
    const { sourceId, object } = (await segments()).at(-1) ?? {}
    for (const name of [segmentFile(sourceId ?? '', stretchId, 5), object?.path ?? '']) {
      expect(await target.lock?.heldUntil(name)).toEqual(until)
    }
  })

  test('while the brake is on, and where no backup comes, what is proven is held on', async () => {
    const place = await makeBucket(ceph, true)
    const lock: S3Place['objectLock'] = { mode: 'governance', days: 30 }
    target = await openS3Target({ ...place, objectLock: lock }, systemClock)
    const repository = await createRepository(target, systemClock)
    const { envelope } = await commitSnapshot(repository, keys.options, ['1\n', '2\n'])
    const verify = { target, snapshot: 'all', deep: false, keys: configured(), clock: systemClock }
    await verifySnapshots(verify, silentProgress())
    const files = [...envelope.objects, envelope.manifest].map(({ path }) => path)
    const names = [...files, `snapshots/${envelope.snapshotId}/snapshot.json`]
    const daysHeld = async (): Promise<number[]> =>
      await Promise.all(
        names.map(async name => {
          const until = (await target.lock?.heldUntil(name)) ?? new Date(0)
          return Math.round((until.getTime() - Date.now()) / 86_400_000)
        }),
      )
    const inDays = (days: number): Clock => ({
      ...systemClock,
      now: () => new Date(Date.now() + days * 86_400_000),
    })

    // The server is silent: nothing goes, and its class holds it.
    const soon = await expire({ daily: 40 }, inDays(2))
    expect(soon.anomalies).toMatchObject([{ kind: 'stale' }])
    expect(soon.locked).toMatchObject({ snapshots: 1, files: files.length })
    const [days = 0] = await daysHeld()
    expect(days).toBeGreaterThanOrEqual(39)
    expect(await daysHeld()).toEqual(names.map(() => days))

    // No class holds it any more: as the newest that is proven it is held for the bucket's days anew.
    const later = await expire({}, inDays(36))
    expect(later.locked).toMatchObject({ snapshots: 1 })
    expect(await daysHeld()).toEqual(names.map(() => 66))
    expect((await expire({}, inDays(37))).locked.snapshots).toBe(0)

    // But not of a server that is gone, nor where a clock was ahead.
    const policy = policyWith({ yearly: 3 })
    const gone = {
      ...policyWith({}),
      brake: { ...policy.brake, formerServers: [envelope.sourceId] },
    }
    const options = { target, keys: configured(), confirm: true, accept: null }
    const ofGone = { ...options, policy: gone, clock: inDays(60) }
    expect((await expireSnapshots(ofGone, silentProgress())).locked.snapshots).toBe(0)
    const early = await expireSnapshots({ ...options, policy, clock: inDays(-1) }, silentProgress())
    expect(early.anomalies.map(({ kind }) => kind)).toContain('future')
    expect(early.locked.snapshots).toBe(0)
  })

  test('goes on where one file is held by somebody else; and a snapshot that stays keeps its files', async () => {
    const place = await makeBucket(ceph, true)
    target = await openS3Target({ ...place, objectLock: undefined }, systemClock)
    const repository = await createRepository(target, systemClock)
    const made = []
    for (const text of ['1\n', '2\n', '3\n', '4\n', '5\n', '6\n']) {
      made.push((await commitSnapshot(repository, keys.options, [text])).envelope)
    }
    const [held, other, partly, late, later] = made.map(({ snapshotId, objects }) => ({
      envelope: `snapshots/${snapshotId}/snapshot.json`,
      object: objects[0]?.path ?? '',
    }))
    const hold = async (name: string, Status: 'ON' | 'OFF'): Promise<void> => {
      const object = { Bucket: place.bucket, Key: `${place.prefix}/${name}` }
      await ownerClient(ceph).send(
        new PutObjectLegalHoldCommand({ ...object, LegalHold: { Status } }),
      )
    }
    const there = async (): Promise<string[]> => {
      const names: string[] = []
      for await (const { name } of target.list('')) names.push(name)
      return names
    }
    // Also where the first that are tried do not go.
    const kept = [later?.envelope, late?.envelope, held?.envelope, partly?.object]
    for (const name of kept) await hold(name ?? '', 'ON')
    const verify = { target, snapshot: 'all', deep: false, keys: configured(), clock: systemClock }
    await verifySnapshots(verify, silentProgress())
    const report = await expire()
    expect(report.snapshots.map(({ removed }) => removed)).toEqual([
      false,
      true,
      true,
      false,
      false,
      false,
    ])
    expect(report.notRemoved.map(({ name }) => name)).toEqual(kept)
    const names = await there()
    expect(names).toEqual(expect.arrayContaining([held?.envelope, held?.object, partly?.object]))
    expect(names).not.toContain(other?.object)
    expect((await verifySnapshots(verify, silentProgress())).outcome).toBe('passed')

    for (const name of kept) await hold(name ?? '', 'OFF')
    // What was left is announced first.
    await expire()
    const last = await expire()
    expect(last.notRemoved).toEqual([])
    expect(
      (await there()).filter(name => name === held?.object || name === partly?.object),
    ).toEqual([])
  })

  test('does not ask a service that fails for a minute for each file', async () => {
    const place = await makeBucket(ceph)
    const direct = await openS3Target(place, systemClock)
    const repository = await createRepository(direct, systemClock)
    for (let n = 0; n < 30; n += 1) await commitSnapshot(repository, keys.options, [`${n}\n`])
    const verify = { target: direct, snapshot: 'all', deep: false, keys: configured() }
    await verifySnapshots({ ...verify, clock: systemClock }, silentProgress())
    const asked = new Set<string>()
    const proxy = await startFaultProxy(ceph.endpoint, ({ method, url }) => {
      if (method !== 'DELETE') return 'pass'
      asked.add(url)
      return 503
    })
    try {
      const retry = { attempts: 3, firstWaitMs: 20, longestWaitMs: 20 }
      target = await openS3Target({ ...place, endpoint: proxy.endpoint }, systemClock, { retry })
      // The tries of each file take a minute or more by this clock.
      const fast = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() * 3000 }
      await expect(expire({}, fast)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
      expect(asked.size).toBeLessThanOrEqual(5)
    } finally {
      await proxy.close()
    }
  })
})
