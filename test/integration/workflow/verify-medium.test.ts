import { spawnSync } from 'node:child_process'
import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { MIB } from '#core/units'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { type StoredRepository, storeRepository } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'
import { verifySnapshots } from '#workflow/backup/verify-snapshots'

let folder: string

beforeEach(async () => {
  folder = await makeFolder()
})

afterEach(async () => {
  spawnSync('umount', [join(folder, 'disk')])
  await rm(folder, { recursive: true, force: true })
})

/** A file system in a file: whoever writes into that file is a disk that loses bytes. */
async function mountImage(): Promise<boolean> {
  const image = await open(join(folder, 'image'), 'w')
  await image.truncate(32 * MIB)
  await image.close()
  await mkdir(join(folder, 'disk'))
  const environment = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` }
  const run = (program: string, ...args: string[]): boolean =>
    spawnSync(program, args, { env: environment }).status === 0
  return (
    run('mkfs.ext4', '-q', join(folder, 'image')) &&
    run('mount', '-o', 'loop', join(folder, 'image'), join(folder, 'disk'))
  )
}

/** Changes the bytes of a file on the disk, and not those that the system has in memory. */
async function rot(file: string): Promise<void> {
  spawnSync('sync', ['-f', file])
  const bytes = await readFile(file)
  const image = join(folder, 'image')
  const at = (await readFile(image)).indexOf(bytes)
  if (at < 0) throw new Error(`${file} is not in one piece on the disk`)
  const handle = await open(image, 'r+')
  try {
    await handle.write(Buffer.from('rot'), 0, 3, at + bytes.length - 3)
    await handle.sync()
  } finally {
    await handle.close()
  }
  expect((await readFile(file)).equals(bytes)).toBe(true)
}

async function verified(made: StoredRepository) {
  const { recipients, trustedSigners } = made.keys.options
  const keys = { recipients, trustedSigners, identityFiles: [], signingKeyFile: made.signingKey }
  const target = openDirectoryTarget(made.path)
  const options = { target, snapshot: 'all', deep: false, keys, clock: systemClock }
  return await verifySnapshots(options, silentProgress())
}

test('what the disk has lost is found, though this machine has it in memory', async context => {
  if (!(await mountImage())) return context.skip('needs root, and mount of a file')
  const made = await storeRepository(join(folder, 'disk'))
  expect(await verified(made)).toMatchObject({ outcome: 'passed', readFrom: 'medium' })
  const firsts = made.first.objects.map(({ path }) => path)
  const own = made.second.objects.find(({ path }) => !firsts.includes(path))
  await rot(join(made.path, `${own?.path}`))
  const report = await verified(made)
  expect(report.snapshots.map(({ outcome }) => outcome)).toEqual(['passed', 'failed'])
  const { attestations } = await made.repository.listAttestations(made.keys.options.trustedSigners)
  expect(attestations.filter(({ outcome }) => outcome === 'failed')).toMatchObject([
    { snapshotId: made.second.snapshotId, details: { readFrom: 'medium' } },
  ])
})
