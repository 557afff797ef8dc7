import { cp, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { writeSigningKey } from '#crypto/key-files'
import type { CopyReport } from '#domain/copy/copy-report'
import { BinlogArchive } from '#repository/binlog-archive'
import { createRepository } from '#repository/repository'
import { createDirectoryTarget, openDirectoryTarget } from '#target/dir/directory-target'
import type { Target } from '#target/target'
import { archiveFiles, inFile } from '#test/archived-files'
import { KEEP_NEWEST } from '#test/keep-newest'
import { commitSnapshot, makeKeys, type TestKeys } from '#test/snapshots'
import { makeFolder } from '#test/temporary'
import { copyRepository } from '#workflow/copy/copy-repository'
import { prepareCopy } from '#workflow/copy/prepare-copy'
import { expireSnapshots } from '#workflow/expire/expire-snapshots'

// The log of a repository whose retention removes the beginning of it, and a copy that has none of it yet.

let folder: string
let keys: TestKeys
const at = (name: string): string => join(folder, name)
const config = () => ({
  ...{ recipients: keys.options.recipients, trustedSigners: keys.options.trustedSigners },
  ...{ identityFiles: [], signingKeyFile: at('signing.pem') },
})

async function expire(place = 'repository'): Promise<void> {
  const target = openDirectoryTarget(at(place))
  const options = { target, keys: config(), policy: KEEP_NEWEST, confirm: true, accept: null }
  const { log } = await expireSnapshots({ ...options, clock: systemClock }, silentProgress())
  expect(log).toMatchObject([{ segments: 3, removed: 3 }])
}

const copy = async (source: Target, to = 'disk'): Promise<CopyReport> => {
  const place = { name: null, media: null, offsite: false, offline: false }
  const destination = openDirectoryTarget(at(to))
  const options = { source, destination, place, keys: config(), eject: null }
  return await copyRepository({ ...options, clock: systemClock }, silentProgress())
}

async function inCopy(place = 'disk'): Promise<number[]> {
  const archive = await BinlogArchive.open(openDirectoryTarget(at(place)))
  const { stretches, refused, unreadable } = await archive.stretches(keys.options.trustedSigners)
  expect([refused, unreadable]).toEqual([[], []])
  return stretches.flatMap(({ segments }) => segments.map(({ sequence }) => sequence))
}

beforeEach(async () => {
  folder = await makeFolder()
  keys = await makeKeys()
  await writeSigningKey(at('signing.pem'), keys.signingKey)
  const target = await createDirectoryTarget(at('repository'))
  const repository = await createRepository(target, systemClock)
  const archive = await BinlogArchive.open(target)
  await archiveFiles(archive, keys, archive.newStretchId(systemClock, []), 5)
  await commitSnapshot(repository, keys.options, ['1\n'], inFile(4))
  await mkdir(at('disk'))
  const options = { source: target, destination: openDirectoryTarget(at('disk')), label: 'disk' }
  await prepareCopy({ ...options, sameDisk: true, clock: systemClock })
  return async () => await rm(folder, { recursive: true, force: true })
})

const binlog = (name: string): string => at(`repository/binlog/${name}`)

/** Expires, and brings back the files that are meant: as if it had not come to them yet. */
async function expireBut(isLeft: (name: string) => boolean): Promise<void> {
  await cp(binlog(''), at('before'), { recursive: true })
  await expire()
  const names = await readdir(at('before'), { recursive: true })
  for (const name of names.filter(isLeft)) await cp(join(at('before'), name), binlog(name))
}

test('what an expire that was cut off has left is not copied', async () => {
  await expireBut(name => /000000000[23]\./.test(name))
  expect(await copy(openDirectoryTarget(at('repository')))).toMatchObject({ outcome: 'passed' })
  expect(await inCopy()).toEqual([4, 5])
  expect(await copy(openDirectoryTarget(at('repository')))).toMatchObject({ files: 0, refused: [] })
})

/** The repository, where another host's expire has come as far as the first segment when that is asked for. */
async function expiring(): Promise<{ source: Target; names: string[] }> {
  await expireBut(name => /000000000[123]\./.test(name))
  const inner = openDirectoryTarget(at('repository'))
  const names = await readdir(binlog(''), { recursive: true })
  const notice = names.find(name => name.endsWith('.trimmed.json')) ?? ''
  await rename(binlog(notice), at('notice'))
  const source: Target = Object.assign(Object.create(inner), {
    ...{ label: inner.label, put: inner.put.bind(inner), list: inner.list.bind(inner) },
    stat: (name: string) => inner.stat(name),
    get: async (name: string) => {
      if (name.endsWith('/0000000001.json') && (await inner.stat(name))) {
        await rename(at('notice'), binlog(notice))
        await rm(at(`repository/${name}`))
      }
      return await inner.get(name)
    },
  })
  return { source, names: names.filter(one => one !== notice && /000000000[123]\./.test(one)) }
}

test('what goes while it is copied leaves nothing behind that nobody can read', async () => {
  const { source, names } = await expiring()
  const gone = expect.stringMatching(/it is gone/)
  expect((await copy(source)).refused).toMatchObject([{ why: gone }])
  expect(await inCopy()).toEqual([])
  for (const name of names) await rm(binlog(name), { force: true })
  expect(await copy(openDirectoryTarget(at('repository')))).toMatchObject({ refused: [] })
  expect(await inCopy()).toEqual([4, 5])
})

test('what goes while it is read is not missing', async () => {
  const archive = await BinlogArchive.open((await expiring()).source)
  const { stretches, refused } = await archive.stretches(keys.options.trustedSigners)
  expect(refused).toEqual([])
  expect(stretches[0]?.segments.map(({ sequence }) => sequence)).toEqual([4, 5])
})

test('a copy of a copy that backups go to has the notices of both', async () => {
  await copy(openDirectoryTarget(at('repository')))
  await expire('disk')
  const source = openDirectoryTarget(at('disk'))
  await mkdir(at('second'))
  const options = { source, destination: openDirectoryTarget(at('second')), label: 'second' }
  await prepareCopy({ ...options, sameDisk: true, clock: systemClock })
  expect(await copy(source, 'second')).toMatchObject({ outcome: 'passed', refused: [] })
  expect(await inCopy('second')).toEqual([4, 5])
})
