import { spawn } from 'node:child_process'
import { mkdirSync, renameSync } from 'node:fs'
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { createDirectoryTarget, openDirectoryTarget } from '#target/dir/directory-target'
import type { Target } from '#target/target'
import { makeFolder, withFolder } from '#test/temporary'
import { targetContract } from '../../contract/target.ts'

const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function emptyFolder(): Promise<string> {
  const folder = await makeFolder()
  folders.push(folder)
  return folder
}

describe.each(['link', 'claim'] as const)('a directory, published by %s', publish => {
  targetContract(async () => openDirectoryTarget(await emptyFolder(), { publish }))
})

describe('a directory', () => {
  test('leaves no partial and no claim behind, also after a refused put', async () => {
    for (const publish of ['link', 'claim'] as const) {
      const folder = await emptyFolder()
      const target = openDirectoryTarget(folder, { publish })
      await target.put('a/b', [Buffer.from('x')])
      await expect(target.put('a/b', [Buffer.from('y')])).rejects.toThrow()
      expect(await readdir(join(folder, 'a'))).toEqual(['b'])
    }
  })

  test('what a run that was killed has claimed comes free', async () => {
    const folder = await emptyFolder()
    const target = openDirectoryTarget(folder, { publish: 'claim' })
    const claim = join(folder, '.claim-000001.json')
    await writeFile(claim, '')
    await expect(target.put('000001.json', [Buffer.from('x')])).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    })
    const before = new Date(Date.now() - 11 * 60_000)
    await utimes(claim, before, before)
    await target.put('000001.json', [Buffer.from('x')])
    expect(await readdir(folder)).toEqual(['000001.json'])
  })

  test('a folder goes with its last file; the root, what lies in it and what is not empty stay', async () => {
    const folder = await emptyFolder()
    const target = openDirectoryTarget(folder)
    for (const name of ['top', 'snapshots/a/x', 'snapshots/a/y', 'binlog/s/t/1', 'binlog/s/t/2']) {
      await target.put(name, [Buffer.from('x')])
    }
    await mkdir(join(folder, 'binlog', 's', 'of-somebody'))
    for (const name of ['snapshots/a/x', 'binlog/s/t/1', 'binlog/s/t/2', 'top']) {
      await target.remove(name)
    }
    const all = async () => (await readdir(folder, { recursive: true })).sort()
    const left = ['binlog', 'binlog/s', 'binlog/s/of-somebody']
    expect(await all()).toEqual([...left, 'snapshots', 'snapshots/a', 'snapshots/a/y'])
    await target.remove('snapshots/a/y')
    expect(await all()).toEqual([...left, 'snapshots'])
  })

  test('who writes where another removes the last file, again and again, fails never', async () => {
    const folder = await emptyFolder()
    const [writer, remover] = [openDirectoryTarget(folder), openDirectoryTarget(folder)]
    let isOver = false
    const removing = (async () => {
      while (!isOver) {
        for await (const { name } of remover.list('objects/')) await remover.remove(name)
      }
    })()
    try {
      const lanes = Array.from({ length: 4 }, async (_, lane) => {
        for (let at = 0; at < 150; at += 1) {
          await writer.put(`objects/ab/${lane}-${at}`, [Buffer.from('x')])
        }
      })
      await Promise.all(lanes)
    } finally {
      isOver = true
      await removing
    }
  })

  test.runIf(process.getuid?.() === 0)(
    "what root puts belongs to the folder's owner, who works on it without root",
    async () => {
      const folder = await emptyFolder()
      await chown(folder, 4711, 4712)
      for (const publish of ['link', 'claim'] as const) {
        await openDirectoryTarget(folder, { publish }).put(`a/${publish}/c`, [Buffer.from('x')])
        for (const name of ['a', `a/${publish}`, `a/${publish}/c`]) {
          expect(await lstat(join(folder, name))).toMatchObject({ uid: 4711, gid: 4712 })
        }
      }
      expect((await lstat(join(folder, 'a'))).mode & 0o777).toBe(0o750)
    },
  )

  test('does not list leftovers of a killed run, nor foreign names', async () => {
    const folder = await emptyFolder()
    const target = openDirectoryTarget(folder)
    await target.put('a/b', [Buffer.from('x')])
    await writeFile(join(folder, 'a', '.partial-0011'), 'half')
    await mkdir(join(folder, 'lost+found'))
    await writeFile(join(folder, 'lost+found', 'x'), '')
    await symlink('/etc/passwd', join(folder, 'link'))
    expect(await namesIn(target)).toEqual(['a/b'])
  })

  test('lists what lies in a folder that is a link to another disk, and goes round in no circle', async () => {
    const folder = await emptyFolder()
    const elsewhere = await emptyFolder()
    const target = openDirectoryTarget(folder)
    await symlink(elsewhere, join(folder, 'objects'))
    await symlink('.', join(folder, 'here'))
    await symlink('..', join(folder, 'up'))
    await target.put('objects/ab/1', [Buffer.from('x')])
    await target.put('snapshots/1', [Buffer.from('x')])
    await writeFile(join(elsewhere, 'ab', '.partial-0011'), 'half')
    expect(await namesIn(target)).toEqual(['objects/ab/1', 'snapshots/1'])
    const leftovers: string[] = []
    for await (const { name } of target.leftovers()) leftovers.push(name)
    expect(leftovers).toEqual(['objects/ab/.partial-0011'])
  })

  test('that is missing is not made', async () => {
    const folder = join(await emptyFolder(), 'not-mounted')
    const target = openDirectoryTarget(folder)
    const unavailable = { code: 'TARGET_UNAVAILABLE', exitCode: 10 }
    await expect(target.put('a', [])).rejects.toMatchObject(unavailable)
    await expect(target.get('a')).rejects.toMatchObject(unavailable)
    await expect(namesIn(target)).rejects.toMatchObject(unavailable)
    expect(await readdir(join(folder, '..'))).toEqual([])
    await (await createDirectoryTarget(folder)).put('a', [])
  })

  test('that is pulled out while it is listed does not end the list as if that were all', async () => {
    const folder = join(await emptyFolder(), 'disk')
    const target = await createDirectoryTarget(folder)
    for (const name of ['a/1', 'b/1', 'c/1']) await target.put(name, [Buffer.from('x')])
    const names: string[] = []
    const list = async (): Promise<void> => {
      for await (const { name } of target.list('')) {
        names.push(name)
        // Its mount point is left; what is removed could have given it its inode.
        await rename(folder, `${folder}-${names.length}`)
        await mkdir(folder)
      }
    }
    await expect(list()).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' })
    expect(names).toEqual(['a/1'])
  })

  test('that becomes another one in mid-run, as an unmounted disk does, is refused', async () => {
    const folder = join(await emptyFolder(), 'disk')
    await mkdir(folder)
    const target = openDirectoryTarget(folder)
    await target.put('a', [Buffer.from('x')])
    await rename(folder, `${folder}-unmounted`)
    await mkdir(folder)
    await expect(target.put('b', [])).rejects.toMatchObject({ code: 'TARGET_UNAVAILABLE' })
    expect(await readdir(folder)).toEqual([])
  })

  test('that becomes another one while a file is written is what is told, and not the file', async () => {
    const folder = join(await emptyFolder(), 'disk')
    await mkdir(folder)
    const target = openDirectoryTarget(folder)
    await target.put('a', [Buffer.from('x')])
    const bytes = [Buffer.from('x')]
    const body = Object.assign([...bytes], {
      *[Symbol.iterator]() {
        renameSync(folder, `${folder}-unmounted`)
        mkdirSync(folder)
        yield* bytes
      },
    })
    await expect(target.put('b/c', body)).rejects.toMatchObject({
      code: 'TARGET_UNAVAILABLE',
      why: expect.stringContaining('the disk was unmounted'),
    })
    expect(await readdir(folder)).toEqual([])
  })

  test('that is a file is refused', async () => {
    const file = join(await emptyFolder(), 'file')
    await writeFile(file, '')
    await expect(openDirectoryTarget(file).get('a')).rejects.toMatchObject({
      code: 'TARGET_UNAVAILABLE',
    })
  })

  test('without the right to write says so', async context => {
    if (process.getuid?.() === 0) return context.skip('root may write everywhere')
    const folder = await emptyFolder()
    await chmod(folder, 0o500)
    await expect(openDirectoryTarget(folder).put('a', [])).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      why: expect.stringContaining('permission denied'),
    })
    await chmod(folder, 0o700)
  })
})

test('SIGKILL in the middle of a put leaves whole files, or none', async () => {
  for (const delayMs of [0, 3, 6, 10, 15, 25, 40]) {
    await withFolder(async folder => {
      await killWhilePutting(folder, delayMs)
      const target = openDirectoryTarget(folder)
      const names = await namesIn(target)
      for (const [place, name] of names.entries()) {
        expect(name).toMatch(/^objects\/file-\d+$/)
        const file = await target.get(name)
        const n = Number(name.split('-')[1])
        expect(file?.equals(Buffer.alloc(8_000_000, n)), `${name}, ${place}`).toBe(true)
      }
      // The next run goes on beside what was left.
      await target.put(`objects/file-${names.length}`, [Buffer.from('next')])
    })
  }
})

async function killWhilePutting(folder: string, delayMs: number): Promise<void> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, '../../support/endless-puts.ts'), folder],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const gone = new Promise(resolve => child.once('close', resolve))
  await new Promise(resolve => child.stdout.once('data', resolve))
  await sleep(delayMs)
  child.kill('SIGKILL')
  await gone
}

async function namesIn(target: Target): Promise<string[]> {
  const names: string[] = []
  for await (const { name } of target.list('')) names.push(name)
  return names
}
