import { cp, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { envelopeFile } from '#repository/layout'
import { openDirectoryTarget } from '#target/dir/directory-target'
import type { Target } from '#target/target'
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

test('a snapshot whose object was removed meanwhile is not copied, and the next copy mends it', async () => {
  const { envelope } = await commitSnapshot(made.repository, made.keys.options, ['1\n2\n', '5\n'])
  const shared = envelope.objects.find(({ path }) =>
    made.second.objects.some(one => one.path === path),
  )
  const name = envelopeFile(envelope.snapshotId)
  const report = await copy(
    disturbed(
      put => put === name,
      async () => await rm(join(disk, shared?.path ?? '')),
    ),
  )
  expect(report).toMatchObject({ outcome: 'failed', copied: [], newestShows: null })
  const problem = expect.stringContaining('was removed from the copy meanwhile')
  expect(report.incomplete).toContainEqual({ snapshotId: envelope.snapshotId, problem })
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
  const policy = {
    file: 'test',
    objectives: { rpoMs: null, rtoMs: null, drillEveryMs: null },
    retention: {
      ...{ last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
      ...{ proof: 'verify' as const, unprovenMs: 0, waitMs: 0, logMs: null },
    },
    brake: { shrinkTo: 0, staleMs: 86_400_000, formerServers: [] },
    longestBackupMs: 3_600_000,
    runsOn: {} as never,
    schedule: { timeZone: 'UTC', jobs: new Map() },
    reports: [],
  }
  const options = { target, keys: keys(), policy, confirm: true, accept: null, clock: systemClock }
  await expect(expireSnapshots(options, silentProgress())).rejects.toMatchObject({
    code: 'LOCKED',
    why: expect.stringContaining(snapshotId),
  })
  const shared = objects.filter(({ path }) => made.first.objects.some(one => one.path === path))
  expect(shared).toHaveLength(1)
  expect((await verify(openDirectoryTarget(disk))).outcome).toBe('passed')
})
