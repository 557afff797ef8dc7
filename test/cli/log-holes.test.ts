import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningServer } from '#engine/scratch-server'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

describe.each(SLOW_TEST_ENGINES)('%s: a binary log with holes', family => {
  let folder: string
  let shop: LoggedShop
  let target: RunningServer

  beforeAll(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make(family, folder)
    target = await startLogged(shop.engine, join(folder, 'target'))
    await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)')
    await done('backup', 'binlog', '--once')
  })

  afterAll(async () => {
    await shop?.stop()
    await shop?.engine.scratchServers.remove(join(folder, 'target'))
    await rm(folder, { recursive: true, force: true })
  })

  async function done(...args: string[]): Promise<string> {
    const run = await shop.ecomdb(args)
    expect(run.status, run.stdout + run.stderr).toBe(0)
    return run.stdout
  }

  /** @returns the path of the bytes of the segment in which the row is */
  async function archived(row: number): Promise<string> {
    await shop.run(`INSERT INTO shop.t VALUES (${row})`)
    await done('backup', 'binlog', '--once')
    const names = await readdir(join(shop.place.path, 'binlog'), { recursive: true })
    const newest = names.filter(name => name.endsWith('.age')).sort()
    return join(shop.place.path, 'binlog', newest.at(-1) ?? '')
  }

  /** Of now, and of which the archive knows that it has all. */
  async function moment(): Promise<string> {
    await sleep(1100)
    const time = String(await shop.value('SELECT UTC_TIMESTAMP(6)'))
    await sleep(1100)
    return `${time.replace(' ', 'T')}Z`
  }

  const restore = (at: string) =>
    shop.ecomdb([
      ...['restore', 'latest', '--at', at, '--dry-run'],
      ...['--socket', target.socketPath, '--user', 'root'],
    ])

  test('what the window says can be restored, and what it does not cannot, in words', async () => {
    await shop.run('FLUSH BINARY LOGS')
    const [beginning, middle] = [await archived(1), await archived(2)]
    await done('backup', 'logical')
    await archived(3)
    const first = await moment()
    await archived(4)
    const agree = async (lost: string, at: string): Promise<string> => {
      await rename(lost, `${lost}.away`)
      const window = await shop.ecomdb(['backup', 'window'])
      const [restored, path] = [await restore(at), lost.slice(shop.place.path.length + 1)]
      await rename(`${lost}.away`, lost)
      expect([window.status, window.stdout]).toEqual([3, expect.stringContaining(path)])
      const isWithin = /restorable {2}20\d\d/.test(window.stdout)
      expect(restored.status, window.stdout + restored.stderr).toBe(isWithin ? 0 : 13)
      if (isWithin) return 'restorable'
      expect(restored.stderr).toContain(`the segment ${path} (binlog.`)
      expect(restored.stderr).toContain('bring that file back from a copy')
      expect(restored.stderr).not.toContain('anew')
      return window.stdout
    }
    const shut = /lasts until the next .*, once the server has begun another file of its log/
    expect(await agree(beginning, first)).toMatch(shut)
    const behind = await agree(middle, first)
    if (family === 'mysql') expect(behind).toMatch(shut)
    else expect(behind).toBe('restorable')

    await shop.run('FLUSH BINARY LOGS')
    await done('backup', 'logical')
    await archived(5)
    const second = await moment()
    await archived(6)
    for (const lost of [beginning, middle]) expect(await agree(lost, second)).toBe('restorable')
  })

  test('a copy heals a cut envelope, and says of each that is of another history', async () => {
    await done('backup', 'logical')
    const disk = join(folder, 'disk')
    await mkdir(disk)
    await done('target', 'prepare', disk, '--label', 'a', '--same-disk')
    const bytes = await archived(7)
    const envelope = bytes.replace(/\.[0-9a-f]{16}\.age$/, '.json')
    await done('backup', 'copy', '--to', disk)
    const inCopy = (path: string): string => join(disk, path.slice(shop.place.path.length + 1))
    // As docs/offline-media.md says of bytes that have rotted.
    await writeFile(inCopy(bytes), (await readFile(bytes)).fill(7, 250, 251))
    const rotten = await shop.ecomdb(['backup', 'verify', '--all', '--from', disk])
    expect([rotten.status, rotten.stdout]).toEqual([
      13,
      expect.stringContaining('Remove such files from this copy: the next'),
    ])
    await rm(inCopy(bytes))
    await done('backup', 'copy', '--to', disk)
    const there = inCopy(envelope)
    await writeFile(there, '')
    expect((await shop.ecomdb(['backup', 'verify', '--all', '--from', disk])).status).toBe(13)
    await done('backup', 'copy', '--to', disk)
    expect(await readFile(there)).toEqual(await readFile(envelope))
    await done('backup', 'verify', '--all', '--from', disk)

    // Put back as it was before its newest segments, and archived into again.
    const earlier = join(folder, 'earlier')
    await cp(shop.place.path, earlier, { recursive: true })
    await archived(8)
    await done('backup', 'copy', '--to', disk)
    await rm(shop.place.path, { recursive: true })
    await rename(earlier, shop.place.path)
    const other = (await archived(9)).slice(shop.place.path.length + 1)
    const name = other.replace(/\.[0-9a-f]{16}\.age$/, '.json')
    for (const _ of [1, 2]) {
      const run = await shop.ecomdb(['backup', 'copy', '--to', disk])
      expect([run.status, run.stdout]).toEqual([
        3,
        expect.stringContaining(`NOT BELIEVED  ${name}: the copy has another of this name`),
      ])
    }
    // What the copy alone has stays.
    await done('backup', 'verify', '--all', '--from', disk)
  })
})
