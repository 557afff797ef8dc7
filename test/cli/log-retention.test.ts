import { appendFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningServer } from '#engine/scratch-server'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}/

describe.each(SLOW_TEST_ENGINES)('%s: the archived log that no snapshot needs', family => {
  let folder: string
  let shop: LoggedShop
  let target: RunningServer
  const snapshots: string[] = []
  let next = 0

  const run = async (status: number, ...args: string[]): Promise<string> => {
    const into = args[0] === 'restore' ? target : shop.source
    const result = await shop.ecomdb([...args, '--quiet'], into)
    expect(result.status, `${args}: ${result.stdout}${result.stderr}`).toBe(status)
    return result.stdout + result.stderr
  }
  const archive = (status = 0) => run(status, 'backup', 'binlog', '--once')
  const expire = async (...args: string[]) =>
    JSON.parse(await run(0, 'backup', 'expire', '--json', ...args)).result
  const windows = async (...args: string[]) =>
    JSON.parse(await run(0, 'backup', 'window', '--json', ...args)).result.sources[0].stretches
  const gtid = async () =>
    (await shop.value(
      family === 'mysql' ? 'SELECT @@GLOBAL.gtid_executed' : 'SELECT @@gtid_binlog_pos',
    )) ?? ''
  /** Rows, each in a file of the log by itself, archived one by one. */
  const write = async (rows: number): Promise<void> => {
    for (let row = 0; row < rows; row += 1) {
      next += 1
      await shop.run(`INSERT INTO shop.t VALUES (${next})`, 'FLUSH BINARY LOGS')
      await archive()
    }
  }
  const back = async (): Promise<void> => {
    snapshots.push(ID.exec(await run(0, 'backup', 'logical'))?.[0] ?? '')
    await run(0, 'backup', 'verify', snapshots.at(-1) ?? '')
  }
  const policy = (...lines: string[]) =>
    writeFile(
      join(folder, 'recovery.yaml'),
      `retention: {daily: 0, weekly: 0, monthly: 0, yearly: 0, wait: 0s, ${lines.join(', ')}}\n`,
    )
  const isRestored = async (...args: string[]): Promise<void> => {
    await shop.rows('DROP DATABASE IF EXISTS shop', target)
    await run(0, 'restore', '--gtid', await gtid(), '--confirm', 'shop', ...args)
    expect(await shop.value('SELECT COUNT(*) FROM shop.t', target)).toBe(String(next))
  }
  const segments = async (place: string): Promise<number[]> =>
    (await readdir(join(place, 'binlog'), { recursive: true }))
      .flatMap(name => /(\d{10})\.json$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b)

  beforeAll(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make(family, folder)
    target = await startLogged(shop.engine, join(folder, 'target'))
    await mkdir(join(folder, 'disk'))
    await mkdir(join(folder, 'fresh'))
    const copy = (name: string) => `{name: ${name}, directory: ${join(folder, name)}}`
    await appendFile(
      join(folder, 'ecomdb.yaml'),
      `recovery_policy: recovery.yaml\ncopies: [${copy('disk')}, ${copy('fresh')}]\n`,
    )
    for (const name of ['disk', 'fresh']) {
      await run(0, 'target', 'prepare', name, '--label', name, '--same-disk')
    }
    await policy('last: 9')
    await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (id INT PRIMARY KEY)')
    await write(2)
    await back()
    await write(3)
    await back()
    await write(3)
    await run(0, 'backup', 'copy', '--to', 'disk')
  })

  afterAll(async () => {
    await shop?.stop()
    if (target) await shop.engine.scratchServers.remove(target.folder)
    await rm(folder, { recursive: true, force: true })
  })

  test('stays as far as the oldest snapshot that stays; what is before it is announced first', async () => {
    const [stretch] = await windows()
    const before = await segments(shop.place.path)
    const told = await expire()
    expect(told.log).toMatchObject([{ removed: 0, removeAfter: null }])
    expect(await segments(shop.place.path)).toEqual(before)
    const first = await expire('--confirm')
    const { segments: many } = first.log[0]
    expect(many).toBeGreaterThan(0)
    expect(first.log[0].removed).toBe(many)
    expect(await segments(shop.place.path)).toEqual(before.slice(many))
    // What could be restored can be, as before.
    const [now] = await windows()
    expect(now).toMatchObject({ restorable: stretch.restorable, snapshots: stretch.snapshots })
    await run(0, 'backup', 'verify', '--all')
    await isRestored()
    expect((await expire('--confirm')).log).toEqual([])
  })

  test('goes with the snapshot, archived on, read in a part that was left, and copied', async () => {
    await policy('last: 1', 'unproven: 0s')
    const before = await segments(shop.place.path)
    const gone = await expire('--confirm')
    expect(gone.removed.snapshots).toBe(1)
    expect(gone.log[0].removed).toBeGreaterThan(2)
    const left = await segments(shop.place.path)
    expect(left).toEqual(before.slice(gone.log[0].removed))
    await write(1)
    expect(await windows()).toMatchObject([{ snapshots: [{ snapshotId: snapshots[1] }] }])
    await isRestored()
    await run(0, 'drill', '--any-moment')
    await run(0, 'backup', 'copy', '--to', 'fresh')
    await run(0, 'backup', 'verify', '--all', '--from', 'fresh')
    await isRestored('--from', 'fresh')
    // The copy of before has it still, and brings back what it has.
    await run(0, 'backup', 'copy', '--to', 'disk')
    expect(await segments(join(folder, 'disk'))).toContain(1)
    // As an expire leaves it that is cut off.
    const names = await readdir(join(folder, 'disk/binlog'), { recursive: true })
    const one = names.find(name => name.endsWith('/0000000001.json')) ?? ''
    await rm(join(folder, 'disk/binlog', one))
    await run(0, 'backup', 'verify', '--all', '--from', 'disk')
    await expire('--confirm', '--from', 'disk')
    expect(await segments(join(folder, 'disk'))).toEqual(await segments(shop.place.path))
    await run(0, 'backup', 'copy', '--to', 'disk')
    await isRestored('--from', 'disk')
  })

  test('what is missing without a notice is missing', async () => {
    const place = join(shop.place.path, 'binlog')
    const names = (await readdir(place, { recursive: true })).map(name => join(place, name))
    const notices = names.filter(name => name.endsWith('.trimmed.json'))
    expect(notices.length).toBeGreaterThan(0)
    for (const name of notices) await rm(name)
    expect(await run(3, 'backup', 'window')).toMatch(/segment 1 is missing/)
  })
})
