import { appendFile, copyFile, cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningServer } from '#engine/scratch-server'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}/
const COPIES = ['disk', 'fresh', 'away']

describe.each(SLOW_TEST_ENGINES)('%s: the archived log that no snapshot needs', family => {
  let folder: string
  let shop: LoggedShop
  let target: RunningServer
  const snapshots: string[] = []
  let next = 0
  let early = ''

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
    await mkdir(join(folder, 'away'))
    const copy = (name: string) => `{name: ${name}, directory: ${join(folder, name)}}`
    await appendFile(
      join(folder, 'ecomdb.yaml'),
      `recovery_policy: recovery.yaml\ncopies: [${COPIES.map(copy).join(', ')}]\n`,
    )
    for (const name of COPIES) {
      await run(0, 'target', 'prepare', name, '--label', name, '--same-disk')
    }
    await policy('last: 9')
    await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (id INT PRIMARY KEY)')
    await write(2)
    await back()
    await write(1)
    await run(0, 'backup', 'copy', '--to', 'away')
    early = await gtid()
    await write(2)
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
    const binlog = join(folder, 'disk/binlog')
    await cp(binlog, join(folder, 'before'), { recursive: true })
    await run(0, 'backup', 'verify', '--all', '--from', 'disk')
    await expire('--confirm', '--from', 'disk')
    expect(await segments(join(folder, 'disk'))).toEqual(await segments(shop.place.path))
    // As an expire leaves it that is cut off.
    for (const name of await readdir(join(folder, 'before'), { recursive: true })) {
      if (!/0000000002/.test(name)) continue
      await copyFile(join(folder, 'before', name), join(binlog, name))
    }
    await run(0, 'backup', 'verify', '--all', '--from', 'disk')
    await run(0, 'backup', 'copy', '--to', 'disk')
    await isRestored('--from', 'disk')
  })

  test('a copy that was away for so long has both parts, and says what is between them', async () => {
    const away = join(folder, 'away')
    const place = ['--target', away]
    await run(0, 'backup', 'copy', '--to', 'away')
    await run(0, 'backup', 'verify', '--all', '--from', 'away')
    const told = JSON.parse(await run(3, 'backup', 'window', '--json', ...place)).result.sources[0]
    expect(told.stretches).toMatchObject([
      { begins: 'first', snapshots: [{ snapshotId: snapshots[0] }] },
      { begins: 'trimmed', snapshots: [{ snapshotId: snapshots[1] }] },
    ])
    expect(told.gaps).toMatchObject([{ why: expect.stringMatching(/retention had removed/) }])
    await isRestored('--from', 'away')
    await shop.rows('DROP DATABASE shop', target)
    await run(0, 'restore', '--gtid', early, '--confirm', 'shop', '--from', 'away')
    expect(await shop.value('SELECT COUNT(*) FROM shop.t', target)).toBe('3')
    // Its own loss is told, and what the repository has removed since is no reason for it.
    const names = await readdir(join(away, 'binlog'), { recursive: true })
    const first = join(away, 'binlog', names.find(name => name.endsWith('/0000000001.json')) ?? '')
    await rename(first, join(folder, 'first'))
    expect(await run(13, 'backup', 'verify', '--all', '--from', 'away')).toMatch(
      /segment 1 is missing: 2 comes next; it is read from segment \d+ on/,
    )
    await isRestored('--from', 'away')
    await rename(join(folder, 'first'), first)
  })

  test('goes from such a copy, too; and from a repository that is put back from it', async () => {
    const away = join(folder, 'away')
    await write(1)
    await back()
    await write(1)
    await run(0, 'backup', 'copy', '--to', 'away')
    const before = await segments(away)
    await run(0, 'backup', 'verify', '--all', '--from', 'away')
    await policy('last: 2', 'unproven: 0s')
    await expire('--confirm', '--from', 'away')
    const left = await segments(away)
    expect(left.length).toBeLessThan(before.length)
    await run(0, 'backup', 'copy', '--to', 'away')
    expect(await segments(away)).toEqual(left)
    await run(0, 'backup', 'verify', '--all', '--from', 'away')
    await isRestored('--from', 'away')
    await policy('last: 1', 'unproven: 0s')
    await expire('--confirm', '--from', 'away')
    await isRestored('--from', 'away')
    const put = join(folder, 'put-back')
    await cp(away, put, { recursive: true })
    await rm(join(put, 'ecomdb-copy.json'))
    await run(0, 'backup', 'verify', '--all', '--target', put)
    await isRestored('--target', put)
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
