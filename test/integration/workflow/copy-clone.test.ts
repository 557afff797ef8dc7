import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '#core/clock'
import { silentProgress } from '#core/progress'
import { BinlogArchive } from '#repository/binlog-archive'
import { openDirectoryTarget } from '#target/dir/directory-target'
import type { Target } from '#target/target'
import { archiveFiles } from '#test/archived-files'
import { Died } from '#test/mortal-target'
import { storeRepository } from '#test/stored-repository'
import { makeFolder } from '#test/temporary'
import { copyRepository } from '#workflow/copy/copy-repository'
import { prepareCopy } from '#workflow/copy/prepare-copy'

/** The target, whose process dies as it reads a file of the log again. */
function dyingAtLog(path: string): Target {
  const inner = openDirectoryTarget(path)
  return new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        if (name === 'readBack' && String(args[0]).startsWith('binlog/')) throw new Died()
        return Reflect.apply(member, target, args)
      }
    },
  })
}

test('a clone that a copy was cut off in is not taken for the disk by its record: the next one reads all', async () => {
  const folder = await makeFolder()
  try {
    const made = await storeRepository(folder)
    const source = openDirectoryTarget(made.path)
    const archive = await BinlogArchive.open(source)
    await archiveFiles(archive, made.keys, archive.newStretchId(systemClock, []), 2)
    const { recipients, trustedSigners } = made.keys.options
    const [disk, clone] = [join(folder, 'disk'), join(folder, 'clone')]
    const copy = async (destination: Target) => {
      const keys = { recipients, trustedSigners, signingKeyFile: made.signingKey }
      const place = { name: null, media: null, offsite: false, offline: false }
      const options = { source, destination, place, keys: { ...keys, identityFiles: [] } }
      return await copyRepository({ ...options, eject: null, clock: systemClock }, silentProgress())
    }
    await mkdir(disk)
    const options = { source, destination: openDirectoryTarget(disk), label: 'disk' }
    await prepareCopy({ ...options, sameDisk: true, clock: systemClock })
    await copy(openDirectoryTarget(disk))
    await cp(disk, clone, { recursive: true })
    await copy(openDirectoryTarget(disk))

    const names = await readdir(join(clone, 'binlog'), { recursive: true })
    const bytes = join(clone, 'binlog', names.find(name => name.endsWith('.age')) ?? '')
    const right = await readFile(bytes)
    await writeFile(bytes, Buffer.alloc(right.length))
    await expect(copy(dyingAtLog(clone))).rejects.toThrow(Died)
    expect((await copy(openDirectoryTarget(clone))).outcome).toBe('passed')
    expect(await readFile(bytes)).toEqual(right)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
