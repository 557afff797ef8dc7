import { cp, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { envelopeFile } from '#repository/layout'
import { openRepository } from '#repository/repository'
import { openDirectoryTarget } from '#target/dir/directory-target'
import type { Target } from '#target/target'
import { KEEP_NEWEST } from '#test/keep-newest'
import { commitSnapshot } from '#test/snapshots'
import { type StoredRepository, storeRepository } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'
import { verifySnapshots } from '#workflow/backup/verify-snapshots'
import { copyRepository } from '#workflow/copy/copy-repository'
import { prepareCopy } from '#workflow/copy/prepare-copy'
import { expireSnapshots } from '#workflow/expire/expire-snapshots'

// A copy that another host expires: locks of this machine do not hold it back.

let made: StoredRepository
let disk: string
const source = () => openDirectoryTarget(made.path)
const keys = () => ({
  ...{ recipients: made.keys.options.recipients, identityFiles: [] },
  ...{ trustedSigners: made.keys.options.trustedSigners, signingKeyFile: made.signingKey },
})
const place = { name: null, media: null, offsite: false, offline: false }
const copy = (destination: Target) => {
  const options = { source: source(), destination, place, keys: keys(), eject: null }
  return copyRepository({ ...options, clock: systemClock }, silentProgress())
}
const verify = (target: Target) => {
  const options = { target, snapshot: 'all', deep: false, keys: keys(), clock: systemClock }
  return verifySnapshots(options, silentProgress())
}

beforeEach(async () => {
  const folder = await makeFolder()
  made = await storeRepository(folder)
  disk = join(folder, 'disk')
  await mkdir(disk)
  const options = { source: source(), destination: openDirectoryTarget(disk), label: 'disk' }
  await prepareCopy({ ...options, sameDisk: true, clock: systemClock })
  await copy(openDirectoryTarget(disk))
  return async () => await rm(folder, { recursive: true, force: true })
})

/** The disk, where something else happens right before a file is put. */
function disturbed(isNow: (name: string) => boolean, happen: () => Promise<void>): Target {
  const inner = openDirectoryTarget(disk)
  let done = false
  const put: Target['put'] = async (name, body) => {
    if (!done && isNow(name)) {
      done = true
      await happen()
    }
    return await inner.put(name, body)
  }
  return Object.assign(Object.create(inner), {
    ...{ label: inner.label, put, list: inner.list.bind(inner), inspect: () => inner.inspect() },
    get: (...args: Parameters<Target['get']>) => inner.get(...args),
    stat: (name: string) => inner.stat(name),
    readBack: (name: string) => inner.readBack(name),
    remove: (name: string) => inner.remove(name),
  })
}

test('an object that was removed meanwhile is brought again; and where it is not to be had, nothing counts', async () => {
  const { envelope } = await commitSnapshot(made.repository, made.keys.options, ['1\n2\n', '5\n'])
  const shared = envelope.objects.find(({ path }) =>
    made.second.objects.some(one => one.path === path),
  )
  const name = envelopeFile(envelope.snapshotId)
  const path = shared?.path ?? ''
  const withoutIt = disturbed(
    put => put === name,
    async () => await rm(join(disk, path)),
  )
  expect(await copy(withoutIt)).toMatchObject({ outcome: 'passed', incomplete: [] })
  expect((await verify(openDirectoryTarget(disk))).outcome).toBe('passed')

  const { snapshotId } = (
    await commitSnapshot(made.repository, made.keys.options, ['1\n2\n', '6\n'])
  ).envelope
  const whole = join(made.path, path)
  const nowhere = disturbed(
    put => put === envelopeFile(snapshotId),
    async () => {
      await rm(join(disk, path))
      await rename(whole, `${whole}.away`)
    },
  )
  const report = await copy(nowhere)
  expect(report).toMatchObject({ outcome: 'failed', again: true, copied: [], newestShows: null })
  const problem = expect.stringContaining('was removed from the copy meanwhile')
  expect(report.incomplete).toContainEqual({ snapshotId, problem })
  await rename(`${whole}.away`, whole)
  expect((await copy(openDirectoryTarget(disk))).outcome).toBe('passed')
  expect((await verify(openDirectoryTarget(disk))).outcome).toBe('passed')
})

test('a snapshot that went meanwhile is not brought back without its objects', async () => {
  await commitSnapshot(made.repository, made.keys.options, ['7\n', '8\n'])
  const { snapshotId, manifest, objects } = made.first
  const own = objects.filter(({ path }) => made.second.objects.every(one => one.path !== path))
  const report = await copy(
    disturbed(
      put => put.startsWith('objects/'),
      async () => {
        for (const path of [envelopeFile(snapshotId), manifest.path, ...own.map(one => one.path)])
          await rm(join(disk, path))
      },
    ),
  )
  expect(report).toMatchObject({ outcome: 'passed', skipped: [snapshotId], snapshots: 2 })
  expect((await verify(openDirectoryTarget(disk))).outcome).toBe('passed')
})

test('expire stops when a snapshot has come meanwhile, and leaves what it uses', async () => {
  const third = await commitSnapshot(made.repository, made.keys.options, ['3\n', '9\n'])
  const { snapshotId, objects, manifest } = third.envelope
  await verify(openDirectoryTarget(disk))
  const inner = openDirectoryTarget(disk)
  const target: Target = Object.assign(Object.create(inner), {
    ...{ label: inner.label, put: inner.put.bind(inner), list: inner.list.bind(inner) },
    get: (...args: Parameters<Target['get']>) => inner.get(...args),
    stat: (name: string) => inner.stat(name),
    // As a copy does it, that found the shared object there before.
    remove: async (name: string) => {
      for (const path of [
        ...objects.map(one => one.path),
        manifest.path,
        envelopeFile(snapshotId),
      ]) {
        await mkdir(dirname(join(disk, path)), { recursive: true })
        await cp(join(made.path, path), join(disk, path))
      }
      await inner.remove(name)
    },
  })
  const options = {
    target,
    keys: keys(),
    policy: KEEP_NEWEST,
    confirm: true,
    accept: null,
    clock: systemClock,
  }
  await expect(expireSnapshots(options, silentProgress())).rejects.toMatchObject({
    code: 'LOCKED',
    why: expect.stringContaining(snapshotId),
  })
  const shared = objects.filter(({ path }) => made.first.objects.some(one => one.path === path))
  expect(shared).toHaveLength(1)
  expect((await verify(openDirectoryTarget(disk))).outcome).toBe('passed')
})

/** The disk, where something happens as one file is removed: before, or behind it. */
function whileRemoving(isIt: (name: string) => boolean, happen: () => Promise<void>): Target {
  const inner = openDirectoryTarget(disk)
  return Object.assign(Object.create(inner), {
    ...{ label: inner.label, lock: null, put: inner.put.bind(inner), list: inner.list.bind(inner) },
    get: (...args: Parameters<Target['get']>) => inner.get(...args),
    readBack: (name: string) => inner.readBack(name),
    stat: (name: string) => inner.stat(name),
    remove: async (name: string) => {
      if (isIt(name)) await happen()
      await inner.remove(name)
    },
  })
}

const expire = (target: Target) =>
  expireSnapshots(
    { target, keys: keys(), policy: KEEP_NEWEST, confirm: true, accept: null, clock: systemClock },
    silentProgress(),
  )

test('a snapshot that came between a look and a removal that it lacks is told, and signed', async () => {
  const third = await commitSnapshot(made.repository, made.keys.options, ['3\n', '9\n'])
  const { snapshotId, objects, manifest } = third.envelope
  await verify(openDirectoryTarget(disk))
  const shared = objects.find(({ path }) => made.first.objects.some(one => one.path === path))
  const target = whileRemoving(
    name => name === shared?.path,
    async () => {
      const own = objects.filter(({ path }) => path !== shared?.path).map(one => one.path)
      for (const path of [...own, manifest.path, envelopeFile(snapshotId)]) {
        await mkdir(dirname(join(disk, path)), { recursive: true })
        await cp(join(made.path, path), join(disk, path))
      }
    },
  )
  await expect(expire(target)).rejects.toMatchObject({
    code: 'OBJECT_DAMAGED',
    what: expect.stringContaining(snapshotId),
  })
  const repository = await openRepository(openDirectoryTarget(disk))
  const { attestations } = await repository.listAttestations(made.keys.options.trustedSigners)
  expect(attestations.at(-1)).toMatchObject({
    ...{ snapshotId, outcome: 'failed', damaged: [{ path: shared?.path }] },
  })
  expect((await copy(openDirectoryTarget(disk))).healed).toEqual([snapshotId])
  expect((await verify(openDirectoryTarget(disk))).outcome).toBe('passed')
})

test('a proof that fails since it was decided keeps the snapshot that is left', async () => {
  await commitSnapshot(made.repository, made.keys.options, ['5\n'])
  await copy(openDirectoryTarget(disk))
  await verify(openDirectoryTarget(disk))
  // The one that the others go for.
  const newest = (await repositoryOf(disk)).at(-1)
  const target = whileRemoving(
    name => name === envelopeFile(made.second.snapshotId),
    async () => {
      const at = systemClock.now().toISOString()
      const snapshotId = newest?.snapshotId ?? ''
      const { trustedSigners } = made.keys.options
      await (await openRepository(openDirectoryTarget(disk))).putAttestation(
        {
          ...{ snapshotId, kind: 'verify', outcome: 'failed', startedAt: at, completedAt: at },
          ...{ damaged: [{ path: newest?.objects[0]?.path ?? '', problem: 'gone' }], details: {} },
        },
        { signingKey: made.keys.signingKey, trustedSigners, clock: systemClock },
      )
    },
  )
  await expect(expire(target)).rejects.toMatchObject({
    code: 'LOCKED',
    why: expect.stringContaining('has failed since it was decided'),
  })
  const left = (await repositoryOf(disk)).map(({ snapshotId }) => snapshotId)
  expect(left).toEqual([made.first.snapshotId, newest?.snapshotId])
})

const repositoryOf = async (path: string) =>
  (
    await (
      await openRepository(openDirectoryTarget(path))
    ).listSnapshots(made.keys.options.trustedSigners)
  ).snapshots
