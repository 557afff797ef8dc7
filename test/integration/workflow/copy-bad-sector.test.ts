import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { EcomdbError } from '#core/errors'
import { silentProgress } from '#core/progress'
import type { CopyReport } from '#domain/copy/copy-report'
import { BinlogArchive } from '#repository/binlog-archive'
import { envelopeFile } from '#repository/layout'
import { openRepository } from '#repository/repository'
import { openDirectoryTarget } from '#target/dir/directory-target'
import type { Target } from '#target/target'
import { archiveFiles } from '#test/archived-files'
import { commitSnapshot } from '#test/snapshots'
import { type StoredRepository, storeRepository } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'
import { copyRepository } from '#workflow/copy/copy-repository'
import { prepareCopy } from '#workflow/copy/prepare-copy'

let folder: string
let made: StoredRepository
let source: Target

beforeEach(async () => {
  folder = await makeFolder()
  made = await storeRepository(folder)
  source = openDirectoryTarget(made.path)
  const archive = await BinlogArchive.open(source)
  await archiveFiles(archive, made.keys, archive.newStretchId(systemClock, []), 2)
})

afterEach(() => rm(folder, { recursive: true, force: true }))

/**
 * The target, on a disk that does not give back these files, until they are written anew. As Linux has it, a read
 * through the page cache ends with EIO, and one past it with ENODATA.
 */
function withBadSectors(inner: Target, names: readonly string[]): Target {
  const bad = new Set(names)
  const unlessBad = async <T>(name: string, code: string, read: () => Promise<T>): Promise<T> => {
    if (!bad.has(name)) return await read()
    const cause = Object.assign(new Error(`${code}: i/o error, read`), { code })
    throw new EcomdbError('STORAGE_FAILED', { what: `cannot read ${name}`, why: code, cause })
  }
  const instead: Partial<Target> = {
    get: (name, part) => unlessBad(name, 'EIO', () => inner.get(name, part)),
    readBack: (name, version) => unlessBad(name, 'ENODATA', () => inner.readBack(name, version)),
    remove: async name => {
      await inner.remove(name)
      bad.delete(name)
    },
  }
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(instead, name) ?? Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

async function copied(from: Target, destination: Target): Promise<CopyReport> {
  const { recipients, trustedSigners } = made.keys.options
  const options = {
    ...{ source: from, destination, eject: null, clock: systemClock },
    place: { name: null, media: null, offsite: false, offline: false },
    keys: { recipients, identityFiles: [], trustedSigners, signingKeyFile: made.signingKey },
  }
  return await copyRepository(options, silentProgress())
}

async function prepared(name: string): Promise<Target> {
  await mkdir(join(folder, name), { recursive: true })
  const destination = openDirectoryTarget(join(folder, name))
  await prepareCopy({ source, destination, label: name, sameDisk: true, clock: systemClock })
  return destination
}

/** An object of the newest snapshot alone, and the bytes of the first segment. */
async function someFiles(): Promise<[string, string]> {
  const firsts = made.first.objects.map(({ path }) => path)
  const own = made.second.objects.find(({ path }) => !firsts.includes(path))
  for await (const { name } of source.list('binlog/')) {
    if (name.endsWith('.age')) return [own?.path ?? '', name]
  }
  throw new Error('no segment was archived')
}

test('what the disk of the repository does not give back is named, and all else is copied', async () => {
  const [own, segment] = await someFiles()
  const report = await copied(withBadSectors(source, [own, segment]), await prepared('disk'))
  expect(report).toMatchObject({
    outcome: 'failed',
    copied: [made.first.snapshotId],
    incomplete: [
      { snapshotId: made.second.snapshotId, problem: expect.stringContaining(`${own}`) },
    ],
    damagedLog: [{ name: segment, problem: 'ENODATA' }],
  })
  expect(report.recordId).not.toBeNull()
})

test('what the disk of a copy does not give back is brought again', async () => {
  const files = await someFiles()
  await cp(made.path, join(folder, 'disk'), { recursive: true })
  const disk = await prepared('disk')
  const report = await copied(source, withBadSectors(disk, files))
  expect(report).toMatchObject({
    ...{ outcome: 'passed', healed: [made.second.snapshotId], damagedLog: [] },
    snapshots: 2,
  })
  for (const file of files) expect(await disk.get(file)).toEqual(await source.get(file))
})

test('an envelope that its disk does not give back keeps no other from being read, copied or made', async () => {
  const lost = envelopeFile(made.first.snapshotId)
  const bad = withBadSectors(source, [lost])
  const repository = await openRepository(bad)
  const added = await commitSnapshot(repository, made.keys.options, ['3\n'])
  const { snapshots, refused } = await repository.listSnapshots(made.keys.options.trustedSigners)
  const others = [made.second.snapshotId, added.envelope.snapshotId]
  expect(snapshots.map(({ snapshotId }) => snapshotId)).toEqual(others)
  expect(refused).toMatchObject([{ snapshotId: made.first.snapshotId, error: { why: 'ENODATA' } }])
  const record = `copies/${made.keys.options.sourceId}/record.json`
  await source.put(record, [Buffer.from('{}')])
  const report = await copied(withBadSectors(source, [lost, record]), await prepared('disk'))
  expect(report.copied.toSorted()).toEqual(others.toSorted())
  expect(report.refused.map(({ name }) => name)).toEqual([
    `snapshot ${made.first.snapshotId}`,
    record,
  ])
})

test('what is there at the second read counts', async () => {
  const name = envelopeFile(made.first.snapshotId)
  const good = openDirectoryTarget(made.path)
  const once = withBadSectors(source, [name])
  const repository = await openRepository(
    new Proxy(once, {
      get: (target, member) =>
        member === 'readBack' ? good.readBack.bind(good) : Reflect.get(target, member),
    }),
  )
  const { snapshots } = await repository.listSnapshots(made.keys.options.trustedSigners)
  expect(snapshots).toHaveLength(2)
})
