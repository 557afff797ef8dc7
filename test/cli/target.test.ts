import { existsSync } from 'node:fs'
import { readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  type LifecycleRule,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import type { S3Place } from '#domain/target-place'
import { createRepository } from '#repository/repository'
import { openS3Target } from '#target/s3/open-s3-target'
import { setDocumentedPolicy } from '#test/bucket-policy'
import { makeBucket, ownerClient } from '#test/buckets'
import { type CephGateway, cephMissing, startCeph } from '#test/ceph'
import { type CliResult, runEcomdb } from '#test/cli'
import { commitSnapshot, makeKeys } from '#test/snapshots'
import {
  contentsOf,
  type StoredRepository,
  storeRepository,
  writeConfig,
} from '#test/stored-repository'
import { makeFolder, withFolder } from '#test/temporary'
import { targetStatus } from '#workflow/target/target-status'

describe('a folder', () => {
  let base: string
  let made: StoredRepository
  beforeAll(async () => {
    base = await makeFolder()
    made = await storeRepository(base)
  })
  afterAll(() => rm(base, { recursive: true }))
  const run = (...args: string[]): Promise<CliResult> =>
    runEcomdb(['target', ...args, '--config', made.config], { cwd: base })

  test('is checked, and left as it was', async () => {
    const before = await contentsOf(made.path)
    const checked = await run('check')
    expect(checked.status, checked.stderr).toBe(0)
    expect(checked.stdout).toMatch(/yes +of many that write one name at once, one wins +1 of 8/)
    expect(checked.stdout).toMatch(/no +what is laid over a file destroys nothing/)
    expect(checked.stdout).toContain(`${made.path} can be relied on as it is configured`)
    expect(await contentsOf(made.path)).toEqual(before)
    const gone = await run('check', '--target', join(base, 'nowhere'))
    expect(gone.status).toBe(10)
  })

  test('says what it holds, and names what killed runs have left', async () => {
    const status = (await run('status', '--json')).json()
    expect(status).toMatchObject({
      status: 0,
      result: { snapshots: 2, newest: { snapshotId: made.second.snapshotId, lockUntil: null } },
    })
    const partial = join(made.path, 'objects', '.partial-0011')
    await writeFile(partial, 'half')
    await utimes(partial, new Date('2020-01-01'), new Date('2020-01-01'))
    const found = await run('status')
    expect(found.status).toBe(3)
    expect(found.stdout).toContain(
      'LEFTOVER  objects/.partial-0011, begun 2020-01-01T00:00:00.000Z',
    )
    await rm(partial)
  })

  test('is added to ecomdb.yaml, whose comments stay', async () => {
    await withFolder(async folder => {
      const config = join(folder, 'ecomdb.yaml')
      const text = '# ours\nruns_on: all # here\n'
      await writeFile(config, text)
      const add = (...args: string[]) => runEcomdb(['target', 'add', ...args], { cwd: folder })
      const dry = await add(made.path, '--dry-run')
      expect([dry.status, await readFile(config, 'utf8')]).toEqual([0, text])
      expect(dry.stdout).toContain('would be written to')
      expect((await add(made.path)).status).toBe(0)
      expect(await readFile(config, 'utf8')).toBe(`${text}target:\n  directory: ${made.path}\n`)
      expect((await add(made.path)).stdout).toContain('already')
      expect((await add(base)).status).toBe(2)
      expect((await add(join(folder, 'nowhere'), '--name', 'usb')).status).toBe(10)
      expect((await add(base, '--name', 'usb')).status).toBe(0)
      expect(await readFile(config, 'utf8')).toContain(
        `copies:\n  - name: usb\n    directory: ${base}\n`,
      )
    })
  })
})

const missing = cephMissing()
describe.skipIf(missing)('a bucket', () => {
  let ceph: CephGateway
  let folder: string
  beforeAll(async () => {
    ceph = await startCeph()
    process.env['AWS_ACCESS_KEY_ID'] = ceph.accessKey
    process.env['AWS_SECRET_ACCESS_KEY'] = ceph.secretKey
    folder = await makeFolder()
  })
  afterAll(async () => {
    await ceph.stop()
    await rm(folder, { recursive: true })
  })

  /** With credentials from the environment, and no ecomdb.yaml but for runs_on. */
  async function run(
    place: S3Place,
    args: readonly string[],
    {
      runsOn = 'all',
      user = ceph as { accessKey: string; secretKey: string },
      locks = true,
      config = join(folder, `${runsOn}.yaml`),
    } = {},
  ): Promise<CliResult> {
    if (!existsSync(config)) await writeFile(config, `runs_on: ${runsOn}\n`)
    const lock = locks ? '&lock_mode=governance&lock_days=1' : ''
    const query = `endpoint=${place.endpoint}&bucket_owner_full_control=true${lock}`
    const env = {
      AWS_ACCESS_KEY_ID: user.accessKey,
      AWS_SECRET_ACCESS_KEY: user.secretKey,
      ECOMDB_TARGET: `s3://${place.bucket}/${place.prefix}?${query}`,
    }
    return await runEcomdb(['target', ...args, '--config', config], { env })
  }

  const versionsIn = async ({ bucket }: S3Place) => {
    const found = await ownerClient(ceph).send(new ListObjectVersionsCommand({ Bucket: bucket }))
    return [...(found.Versions ?? []), ...(found.DeleteMarkers ?? [])]
  }
  const findings = (checked: CliResult): string[] =>
    checked
      .json()
      .result.promises.filter((one: { finding: string | null }) => one.finding !== null)
      .map(({ promise }: { promise: string }) => promise)

  test('with locks can be relied on, and is left empty; Ceph 16 forgets locks of parts', async () => {
    const place = await makeBucket(ceph, true)
    const checked = await run(place, ['check'])
    expect(checked.status, checked.stderr + checked.stdout).toBe(0)
    expect(checked.stdout).toMatch(
      /yes +a name that is taken is refused +found afterwards \(replaced\)/,
    )
    expect(checked.stdout).toMatch(/yes +a file of one request is locked +governance, as asked/)
    expect(checked.stdout).toMatch(
      /yes +a file of several parts is locked +after it was asked again/,
    )
    expect(await versionsIn(place)).toEqual([])
  })

  test('without versions, and one without a right to be in it, are found out', async () => {
    const place = await makeBucket(ceph)
    const plain = await run(place, ['check', '--json'], { locks: false })
    expect([plain.status, findings(plain)]).toEqual([3, ['keeps-versions']])
    expect(await versionsIn(place)).toEqual([])
    const stranger = await ceph.addUser('stranger')
    expect((await run(place, ['check'], { user: stranger })).status).toBe(30)
    const wrong = { accessKey: stranger.accessKey, secretKey: 'wrong' }
    expect((await run(place, ['check'], { user: wrong })).status).toBe(22)
  })

  test('whose versions somebody has suspended, or whose rules remove files, is found out', async () => {
    const place = await makeBucket(ceph)
    const Bucket = place.bucket
    const owner = ownerClient(ceph)
    const version = (Status: 'Enabled' | 'Suspended') =>
      owner.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }))
    const rule = async (Prefix: string, change: Partial<LifecycleRule>) => {
      const Rules = [{ ID: 'r', Status: 'Enabled' as const, Filter: { Prefix }, ...change }]
      const LifecycleConfiguration = { Rules }
      await owner.send(
        new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }),
      )
      return findings(await run(place, ['check', '--json'], { locks: false }))
    }
    const aborts = { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } }
    await version('Enabled')
    expect(await rule('', aborts)).toEqual([])
    expect(await rule('backups/sh', { Expiration: { Days: 1 } })).toEqual(['lasts'])
    const older = { NoncurrentVersionExpiration: { NoncurrentDays: 3 } }
    const later = [{ Days: 30, StorageClass: 'GLACIER' as const }]
    expect(await rule('', { Transitions: later })).toEqual(['lasts'])
    const below = [{ NoncurrentDays: 3, StorageClass: 'DEEP_ARCHIVE' as const }]
    expect(await rule('', { NoncurrentVersionTransitions: below })).toEqual(['lasts'])
    const readable = [{ Days: 30, StorageClass: 'GLACIER_IR' as const }]
    expect(await rule('', { Transitions: readable })).toEqual([])
    expect(await rule('backups/shop/objects/', older)).toEqual(['lasts'])
    const repository = await createRepository(await openS3Target(place, systemClock), systemClock)
    const status = await run(place, ['status'], { locks: false })
    expect([status.status, status.stdout]).toEqual([
      ...[3, expect.stringContaining('rule r: what is not on top goes after 3 days')],
    ])
    expect(status.stdout).toContain(repository.id)
    expect(await rule('elsewhere/', older)).toEqual([])
    await version('Suspended')
    expect(await rule('', aborts)).toEqual(['keeps-versions'])
  })

  test('without versions is found out by an account that may not ask whether it keeps them', async () => {
    const user = await ceph.addUser('unasking')
    const denying = async (place: S3Place): Promise<void> => {
      const about = {
        Principal: { AWS: ['arn:aws:iam:::user/unasking'] },
        Resource: [`arn:aws:s3:::${place.bucket}`, `arn:aws:s3:::${place.bucket}/*`],
      }
      const Statement = [
        { Effect: 'Allow', ...about, Action: ['s3:*'] },
        { Effect: 'Deny', ...about, Action: ['s3:GetBucketVersioning'] },
      ]
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
      await ownerClient(ceph).send(new PutBucketPolicyCommand({ Bucket: place.bucket, Policy }))
    }
    const plain = await makeBucket(ceph)
    await denying(plain)
    const checked = await run(plain, ['check', '--json'], { user, locks: false })
    expect([checked.status, findings(checked)]).toEqual([3, ['keeps-versions']])
    await createRepository(await openS3Target(plain, systemClock), systemClock)
    expect((await run(plain, ['status'], { user, locks: false })).stdout).toMatch(
      /versions +not known: this account may not ask/,
    )
    const versioned = await makeBucket(ceph, true)
    await denying(versioned)
    const kept = await run(versioned, ['check', '--json'], { user, locks: false })
    expect([kept.status, findings(kept)]).toEqual([0, []])
  })

  test('is right for the database host with the documented policy, and wrong with all rights', async () => {
    const place = await makeBucket(ceph, true)
    const user = await ceph.addUser('backup')
    for (const name of ['vault', 'drill']) await ceph.addUser(name)
    const principals = { BACKUP: 'backup', VAULT: 'vault', DRILL: 'drill' }
    await setDocumentedPolicy(ceph, place, principals)
    const checked = await run(place, ['check', '--json'], { runsOn: 'database', user })
    expect([checked.status, findings(checked)]).toEqual([0, []])
    const { promises, left } = checked.json().result
    expect(promises).toContainEqual(
      expect.objectContaining({ promise: 'reads-objects', kept: false }),
    )
    expect(left).not.toEqual([])
    // What stays of it keeps no repository from being made there.
    await createRepository(await openS3Target(place, systemClock), systemClock)
    expect((await run(place, ['status'])).status).toBe(0)
    const all = await run(place, ['check', '--json'], { runsOn: 'database', locks: false })
    expect([all.status, findings(all)]).toEqual([3, ['reads-objects', 'removes']])
  })

  test('shows in its status what was hidden, and uploads that were left', async () => {
    const place = await makeBucket(ceph, true)
    const keys = await makeKeys()
    const repository = await createRepository(await openS3Target(place, systemClock), systemClock)
    const { envelope } = await commitSnapshot(repository, keys.options, ['1\n'])
    const config = join(folder, 'signers.yaml')
    await writeConfig(config, '/nowhere', keys.options.trustedSigners)
    const status = async (): Promise<CliResult> => await run(place, ['status'], { config })
    const before = await status()
    expect(before.status, before.stderr + before.stdout).toBe(0)
    expect(before.stdout).toMatch(/locks +governance, 1 day; every file of a snapshot is locked/)
    const name = `snapshots/${envelope.snapshotId}/snapshot.json`
    const owner = ownerClient(ceph)
    const object = { Bucket: place.bucket, Key: `${place.prefix}/${name}` }
    await owner.send(new DeleteObjectCommand(object))
    await owner.send(new CreateMultipartUploadCommand({ ...object, Key: `${place.prefix}/new` }))
    const after = await status()
    expect(after.status).toBe(3)
    expect(after.stdout).toContain(`EXPOSED  ${name}: a delete marker hides it`)
    expect(after.stdout).toContain(`newest`)
    // It is younger than a day, and may belong to a run that goes on.
    expect(after.stdout).not.toContain('LEFTOVER')
    const clock = { ...systemClock, now: () => new Date(Date.now() + 2 * 86_400_000) }
    const { recipients, trustedSigners } = keys.options
    const asked = { recipients, trustedSigners, identityFiles: [] }
    const target = await openS3Target(place, systemClock)
    const later = await targetStatus({ target, keys: asked, clock }, silentProgress())
    expect(later.leftovers).toMatchObject([{ name: 'new' }])
    expect(later.findings).toContain('1 leftover older than a day')
  })

  test('is added to ecomdb.yaml, whose comments stay, once, and is checked and left empty', async () => {
    await withFolder(async cwd => {
      const config = join(cwd, 'ecomdb.yaml')
      const text = '# ours\nruns_on: all # here\n'
      await writeFile(config, text)
      const env = { AWS_ACCESS_KEY_ID: ceph.accessKey, AWS_SECRET_ACCESS_KEY: ceph.secretKey }
      const target = (...args: string[]) => runEcomdb(['target', ...args], { cwd, env })
      const word = ({ bucket, prefix, endpoint }: S3Place): string =>
        `s3://${bucket}/${prefix}?endpoint=${endpoint}&lock_mode=governance&lock_days=1`
      const place = await makeBucket(ceph, true)
      const nowhere = await target('add', word({ ...place, bucket: 'b-nowhere' }))
      expect([nowhere.status, nowhere.stderr]).toEqual([10, expect.stringContaining('b-nowhere')])
      const dry = await target('add', word(place), '--dry-run')
      expect([dry.status, await readFile(config, 'utf8')]).toEqual([0, text])

      expect((await target('add', word(place))).status).toBe(0)
      const added = await readFile(config, 'utf8')
      expect(added.startsWith(text)).toBe(true)
      expect(parse(added)).toEqual({
        runs_on: 'all',
        target: {
          s3: {
            ...{ bucket: place.bucket, prefix: place.prefix, endpoint: place.endpoint },
            object_lock: { mode: 'governance', days: 1 },
          },
        },
      })
      const again = await target('add', word(place))
      expect([again.status, again.stdout]).toEqual([0, expect.stringContaining('already')])
      expect((await target('add', word(await makeBucket(ceph, true)))).status).toBe(2)
      expect(await readFile(config, 'utf8')).toBe(added)

      const checked = await target('check')
      expect([checked.status, checked.stdout]).toEqual([
        0,
        expect.stringContaining('can be relied on as it is configured'),
      ])
      expect(await versionsIn(place)).toEqual([])
      const { Uploads } = await ownerClient(ceph).send(
        new ListMultipartUploadsCommand({ Bucket: place.bucket }),
      )
      expect(Uploads).toBeUndefined()
    })
  })
})
