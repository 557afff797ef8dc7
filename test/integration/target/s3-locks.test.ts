import {
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { MIB } from '#core/units'
import type { SnapshotEnvelope } from '#domain/backup/envelope'
import type { S3Place } from '#domain/target-place'
import { createRepository, openRepository } from '#repository/repository'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { forwarding } from '#target/forwarding'
import { openS3Target } from '#target/s3/open-s3-target'
import type { Target } from '#target/target'
import { makeBucket, ownerClient } from '#test/buckets'
import { type CephGateway, cephMissing, startCeph } from '#test/ceph'
import { commitSnapshot, makeKeys, type TestKeys } from '#test/snapshots'
import { storeRepository } from '#test/stored-repository'
import { withFolder } from '#test/temporary'
import { checkProtection, shadowedFiles } from '#workflow/backup/check-protection'
import { copyRepository } from '#workflow/copy/copy-repository'
import { prepareCopy } from '#workflow/copy/prepare-copy'
import { heldNewest } from '#workflow/status/held-newest'

const missing = cephMissing()
const DAY_MS = 86_400_000
let ceph: CephGateway
let owner: S3Client
let place: S3Place
let target: Target
let keys: TestKeys

beforeAll(async () => {
  if (missing) return
  ceph = await startCeph()
  owner = ownerClient(ceph)
  process.env['AWS_ACCESS_KEY_ID'] = ceph.accessKey
  process.env['AWS_SECRET_ACCESS_KEY'] = ceph.secretKey
})
afterAll(() => ceph?.stop())

const open = (locks: S3Place['objectLock'] = place.objectLock): Promise<Target> =>
  openS3Target({ ...place, objectLock: locks }, systemClock, { partBytes: 5 * MIB })

const idsOf = (snapshots: readonly SnapshotEnvelope[]) =>
  new Set(snapshots.map(({ snapshotId }) => snapshotId))

const object = (name: string) => ({ Bucket: place.bucket, Key: `${place.prefix}/${name}` })

beforeEach(async () => {
  if (missing) return
  place = await makeBucket(ceph, true)
  target = await open()
  keys = await makeKeys()
})

describe.skipIf(missing)('locks', () => {
  test('hold what is put in one request and in parts, which Ceph 16 forgets', async () => {
    for (const bytes of [1, 11 * MIB]) {
      const body = Buffer.alloc(bytes, bytes)
      const { versionId, lockedUntil } = await target.put(`size-${bytes}`, [body])
      expect((lockedUntil?.getTime() ?? 0) - Date.now()).toBeGreaterThan(DAY_MS - 60_000)
      const version = { ...object(`size-${bytes}`), VersionId: versionId ?? '' }
      await expect(owner.send(new DeleteObjectCommand(version))).rejects.toMatchObject({
        name: 'AccessDenied',
      })
      const held = await owner.send(new GetObjectRetentionCommand(version))
      expect(held.Retention?.RetainUntilDate).toEqual(lockedUntil)
      expect((await target.get(`size-${bytes}`))?.equals(body)).toBe(true)
    }
    const left = await owner.send(new ListMultipartUploadsCommand({ Bucket: place.bucket }))
    expect(left.Uploads).toBeUndefined()
  })

  test('that a bucket cannot give make the put fail, and not pass for locked', async () => {
    place = { ...(await makeBucket(ceph)), objectLock: { mode: 'compliance', days: 1 } }
    await expect((await open()).put('a', [Buffer.from('x')])).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      why: expect.stringContaining('without object locks'),
    })
  })

  test('of the bucket’s own default, in the weaker mode, do not pass for what was asked for', async () => {
    const Rule = { DefaultRetention: { Mode: 'GOVERNANCE' as const, Days: 30 } }
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled' as const, Rule }
    const bucket = { Bucket: place.bucket, ObjectLockConfiguration }
    await owner.send(new PutObjectLockConfigurationCommand(bucket))
    const strict = await open({ mode: 'compliance', days: 1 })
    await strict.put('small', [Buffer.from('x')])
    // Ceph 16 forgets what an upload in parts asks for, and gives it the default.
    await expect(strict.put('large', [Buffer.alloc(11 * MIB)])).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hints: expect.arrayContaining([expect.stringContaining('default retention')]),
    })
    expect((await target.put('governed', [Buffer.alloc(11 * MIB)])).lockedUntil).not.toBeNull()
  })

  test('keep their mode when they are extended: weaker it must not become', async () => {
    const strict = await open({ mode: 'compliance', days: 1 })
    const { versionId: VersionId = '' } = { ...(await strict.put('a', [Buffer.from('x')])) }
    const { versionId } = await target.put('b', [Buffer.from('x')])
    const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2 * DAY_MS)
    await target.lock?.hold('a', until)
    await strict.lock?.hold('b', until)
    const modeOf = async (name: string, id: string | null): Promise<string | undefined> => {
      const version = { ...object(name), VersionId: id ?? '' }
      return (await owner.send(new GetObjectRetentionCommand(version))).Retention?.Mode
    }
    expect(await modeOf('a', VersionId)).toBe('COMPLIANCE')
    expect(await modeOf('b', versionId)).toBe('GOVERNANCE')
  })

  test('are in the envelope, and are extended for what a later snapshot uses again', async () => {
    const repository = await createRepository(target, systemClock)
    const first = (await commitSnapshot(repository, keys.options, ['1\n', '2\n'])).envelope
    const longer = await open({ mode: 'governance', days: 3 })
    const later = await openRepository(longer)
    const { envelope, reused } = await commitSnapshot(later, keys.options, ['2\n', '3\n'])
    expect(reused).toBe(1)
    const days = (until: string | null): number => (Date.parse(until ?? '') - Date.now()) / DAY_MS
    expect(days(first.lockUntil)).toBeCloseTo(1, 2)
    expect(days(envelope.lockUntil)).toBeCloseTo(3, 2)
    const needed = [...envelope.objects, envelope.manifest, { path: 'ecomdb-repository.json' }]
    for (const { path } of needed) {
      const held = await longer.lock?.heldUntil(path)
      expect(held?.getTime() ?? 0, path).toBeGreaterThanOrEqual(
        Date.parse(envelope.lockUntil ?? ''),
      )
    }
    const [unused] = first.objects.filter(
      ({ path }) => !envelope.objects.some(o => o.path === path),
    )
    const held = await longer.lock?.heldUntil(unused?.path ?? '', unused?.versionId)
    expect(days(held?.toISOString() ?? null)).toBeCloseTo(1, 2)
    expect(await checkProtection(longer, [first, envelope], new Date())).toEqual([])
  })

  test('are those of the name where an envelope knows the version of another bucket', async () => {
    await target.put('a', [Buffer.from('x')])
    const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 5 * DAY_MS)
    const foreign = 'RNJRQ6XK4edCFcU76RSf4eUuU-I6as0'
    expect(await target.lock?.hold('a', until, foreign)).toMatchObject({ until })
    expect(await target.lock?.heldUntil('a')).toEqual(until)
    expect(await target.lock?.heldUntil('a', foreign)).toEqual(until)
    expect(await target.lock?.heldUntil('b')).toBeNull()
    expect(await target.lock?.heldUntil('b', foreign)).toBeNull()
    await expect(target.lock?.hold('b', until)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    await expect(target.lock?.hold('b', until, foreign)).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    })
  })

  test('in governance mode are not enough to be used again once compliance is asked for', async () => {
    const repository = await createRepository(target, systemClock)
    await commitSnapshot(repository, keys.options, ['1\n', '2\n'])
    const asked = await open({ mode: 'compliance', days: 1 })
    const strict = await openRepository(asked)
    const newestIn = async () => (await strict.listSnapshots(keys.options.trustedSigners)).snapshots
    const before = await newestIn()
    const now = new Date()
    const weak = (await heldNewest(asked, before, now, idsOf(before))).values().next().value
    expect(weak).toMatchObject({ until: null, files: 5, loose: 0, weaker: 4 })
    const exposed = await checkProtection(asked, before, now)
    expect(exposed).toHaveLength(4)
    expect(exposed[0]?.problem).toContain('in governance mode, and target.s3.object_lock asks')
    expect(await checkProtection(target, before, now)).toEqual([])
    const { envelope, reused } = await commitSnapshot(strict, keys.options, ['1\n', '2\n'])
    expect(reused).toBe(0)
    const strong = (await heldNewest(asked, [envelope], now, idsOf([envelope])))
      .values()
      .next().value
    expect(strong).toMatchObject({ loose: 0, weaker: 0 })
    expect(strong?.until).not.toBeNull()
    for (const { path, versionId: VersionId } of [...envelope.objects, envelope.manifest]) {
      const held = await owner.send(new GetObjectRetentionCommand({ ...object(path), VersionId }))
      expect(held.Retention?.Mode, path).toBe('COMPLIANCE')
    }
    const again = await commitSnapshot(strict, keys.options, ['1\n', '2\n'])
    expect(again.reused).toBe(2)
  })

  test('of a file that is gone are told with it, and end no look', async () => {
    const repository = await createRepository(target, systemClock)
    const { envelope } = await commitSnapshot(repository, keys.options, ['1\n', '2\n'])
    const [{ path, versionId } = { path: '', versionId: '' }] = envelope.objects
    const version = { ...object(path), VersionId: versionId, BypassGovernanceRetention: true }
    await owner.send(new DeleteObjectCommand(version))
    expect(await checkProtection(target, [envelope], new Date())).toEqual([
      { name: path, problem: expect.stringMatching(/^is not there; its snapshot promises/) },
    ])
    const held = await heldNewest(target, [envelope], new Date(), idsOf([envelope]))
    expect(held.get(envelope.snapshotId)).toEqual({
      ...{ until: null, files: 5, asked: 5, loose: 1, weaker: 0, shortened: 0 },
    })
  })

  test('of a copy are its own, and are asked of all that its newest snapshot needs', async () => {
    await withFolder(async folder => {
      const made = await storeRepository(folder)
      const source = openDirectoryTarget(made.path)
      const { recipients, trustedSigners } = made.keys.options
      const options = { source, destination: target, clock: systemClock }
      await prepareCopy({ ...options, label: 'far', sameDisk: true })
      await copyRepository(
        {
          ...{ ...options, eject: null, keys: { recipients, trustedSigners, identityFiles: [] } },
          place: { name: null, media: null, offsite: true, offline: false },
        },
        silentProgress(),
      )
      const { snapshots } = await (await openRepository(target)).listSnapshots(trustedSigners)
      const [held] = (await heldNewest(target, snapshots, new Date(), new Set())).values()
      expect(held).toMatchObject({ loose: 0, files: (snapshots.at(-1)?.objects.length ?? 0) + 3 })
      expect(Date.parse(held?.until ?? '') - Date.now()).toBeGreaterThan(DAY_MS - 60_000)

      // What is there from before is held as long as what comes now.
      const { envelope, reused } = await commitSnapshot(made.repository, made.keys.options, [
        ...['1\n2\n', '5\n'],
      ])
      expect(reused).toBe(1)
      const later = await open({ mode: 'governance', days: 3 })
      await copyRepository(
        {
          ...{ ...options, destination: later, eject: null },
          keys: { recipients, trustedSigners, identityFiles: [] },
          place: { name: null, media: null, offsite: true, offline: false },
        },
        silentProgress(),
      )
      const [newest] = (await heldNewest(later, [envelope], new Date(), new Set())).values()
      expect(Date.parse(newest?.until ?? '') - Date.now()).toBeGreaterThan(3 * DAY_MS - 60_000)
      const marker = await later.lock?.heldUntil('ecomdb-copy.json')
      expect((marker?.getTime() ?? 0) - Date.now()).toBeGreaterThan(3 * DAY_MS - 60_000)
    })
  })

  test('that somebody shortened, with the right to bypass them, are found out', async () => {
    const repository = await createRepository(target, systemClock)
    const { envelope } = await commitSnapshot(repository, keys.options, ['1\n'])
    const held = async (isCopy = false) =>
      (await heldNewest(target, [envelope], new Date(), idsOf(isCopy ? [] : [envelope]))).get(
        envelope.snapshotId,
      )
    const before = (await held())?.until ?? ''
    expect(Date.parse(before)).toBeGreaterThanOrEqual(Date.parse(envelope.lockUntil ?? ''))
    const [{ path, versionId } = { path: '', versionId: '' }] = envelope.objects
    const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000)
    await owner.send(
      new PutObjectRetentionCommand({
        ...object(path),
        VersionId: versionId,
        Retention: { Mode: 'GOVERNANCE', RetainUntilDate: until },
        BypassGovernanceRetention: true,
      }),
    )
    expect(await checkProtection(target, [envelope], new Date())).toEqual([
      {
        name: path,
        problem: expect.stringMatching(/^is locked until .* only; its snapshot promises/),
      },
    ])
    // It is held still, and not for as long as was promised.
    expect(await held()).toMatchObject({ until: null, loose: 0, shortened: 1 })
    expect(await held(true)).toMatchObject({ until: until.toISOString(), shortened: 0 })
  })
})

describe.skipIf(missing)('what is laid over files of a repository', () => {
  test('objects and envelopes, is not read, and is reported; nor is what hides them', async () => {
    const repository = await createRepository(target, systemClock)
    const one = (await commitSnapshot(repository, keys.options, ['1\n', '2\n'])).envelope
    const two = (await commitSnapshot(repository, keys.options, ['3\n'])).envelope
    const envelopeOf = ({ snapshotId }: typeof one): string =>
      `snapshots/${snapshotId}/snapshot.json`
    const [laid, hidden] = one.objects.map(({ path }) => path)
    const over = [laid ?? '', envelopeOf(one), 'ecomdb-repository.json']
    for (const name of over) {
      await owner.send(new PutObjectCommand({ ...object(name), Body: Buffer.from('theirs') }))
    }
    for (const name of [hidden ?? '', envelopeOf(two)]) {
      await owner.send(new DeleteObjectCommand(object(name)))
    }

    const opened = await openRepository(await open())
    expect(opened.id).toBe(repository.id)
    const listed = await opened.listSnapshots(keys.options.trustedSigners)
    expect(listed).toEqual({ snapshots: [one, two], refused: [] })
    expect(await opened.readEnvelope('latest', keys.options.trustedSigners)).toEqual(two)
    for (const file of [one.manifest, ...one.objects, ...two.objects]) {
      const { versionId: _, ...named } = file
      expect(await opened.readStored(file)).toEqual(await opened.readStored(named))
    }
    const found = await shadowedFiles(target, '')
    expect(found.map(({ name }) => name)).toEqual([...over, hidden ?? '', envelopeOf(two)].sort())
    expect(found.filter(({ problem }) => problem.includes('delete marker'))).toHaveLength(2)
    // A later backup does not rely on what it cannot see in full, and goes on.
    const { envelope } = await commitSnapshot(opened, keys.options, ['1\n', '2\n', '3\n'])
    expect(envelope.parent?.snapshotId).toBe(two.snapshotId)
  })

  test('an envelope, before it was written, makes the backup fail and not pass', async () => {
    const repository = await createRepository(target, systemClock)
    const planting = forwarding(target, {
      put: async (name, body) => {
        if (name.endsWith('snapshot.json')) {
          await owner.send(new PutObjectCommand({ ...object(name), Body: Buffer.from('theirs') }))
        }
        return await target.put(name, body)
      },
    })
    const attacked = await openRepository(planting)
    await expect(commitSnapshot(attacked, keys.options, ['1\n'])).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      why: expect.stringContaining('there already'),
    })
    expect((await repository.listSnapshots(keys.options.trustedSigners)).snapshots).toEqual([])
  })
})
