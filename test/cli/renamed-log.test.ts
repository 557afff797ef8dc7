import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningServer } from '#engine/scratch-server'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

test.each(SLOW_TEST_ENGINES)('%s: a log that has its old name again', async family => {
  const folder = await makeFolder()
  const shop = await LoggedShop.make(family, folder)
  const target = await startLogged(shop.engine, join(folder, 'target'))
  const archived = async () => (await shop.ecomdb(['backup', 'binlog', '--once'])).status
  try {
    await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)')
    await shop.ecomdb(['backup', 'logical', '--quiet'])
    await shop.run('INSERT INTO shop.t VALUES (1)')
    expect(await archived()).toBe(0)
    await shop.restart('--log-bin=other')
    await shop.run('INSERT INTO shop.t VALUES (2)')
    expect(await archived()).toBe(13)
    await shop.restart()
    await shop.run('INSERT INTO shop.t VALUES (3)')
    expect(await archived()).toBe(13)
    // Of the log before, a moment at which the server had more.
    const at = String(await shop.value("SELECT DATE_FORMAT(UTC_TIMESTAMP(), '%Y-%m-%dT%H:%i:%sZ')"))
    const lacking = await shop.ecomdb(['restore', '--at', at, '--confirm', 'shop'], target)
    expect(lacking.status, lacking.stdout).toBe(10)
    await shop.ecomdb(['backup', 'logical', '--quiet'])
    await shop.run('INSERT INTO shop.t VALUES (4)')
    expect(await archived()).toBe(0)
  } finally {
    await shop.engine.scratchServers.remove(target.folder)
    await shop.stop()
    await rm(folder, { recursive: true, force: true })
  }
})

describe.each(SLOW_TEST_ENGINES)('%s: another name of the log while no archiver ran', family => {
  let folder: string
  let shop: LoggedShop
  let target: RunningServer
  const archived = () => shop.ecomdb(['backup', 'binlog', '--once'])

  /** All that is archived. */
  const all = async (): Promise<string> => {
    const { stdout } = await shop.ecomdb(['backup', 'window', '--json'])
    return JSON.parse(stdout).result.sources[0].stretches.at(-1).end.gtids
  }

  beforeAll(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make(family, folder)
    target = await startLogged(shop.engine, join(folder, 'target'))
    await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)')
    await shop.ecomdb(['backup', 'logical', '--quiet'])
    expect((await archived()).status).toBe(0)
    // In good order, and soon.
    await shop.restart()
    await shop.run('INSERT INTO shop.t VALUES (1)')
    expect((await archived()).status).toBe(0)
  })
  afterAll(async () => {
    await shop.engine.scratchServers.remove(target.folder)
    await shop.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('GTIDs that are in no file are a gap (MySQL)', async () => {
    if (family !== 'mysql') return
    await shop.restart('--log-bin=other')
    await shop.run('INSERT INTO shop.t VALUES (2)')
    await shop.restart()
    await shop.run('INSERT INTO shop.t VALUES (3)')
    const lacking = await archived()
    expect([lacking.status, lacking.stderr]).toEqual([
      13,
      expect.stringMatching(/since then [0-9a-f-]{36}:4 came to the server's gtid_purged/),
    ])
    expect((await archived()).status).toBe(0)
    const window = await shop.ecomdb(['backup', 'window'])
    expect([window.status, window.stdout]).toEqual([
      3,
      expect.stringMatching(/GAP .* in no file of this log: it logged under another name/),
    ])
    const refused = ['restore', '--gtid', await all(), '--confirm', 'shop']
    expect((await shop.ecomdb(refused, target)).status).toBe(10)
    // A gtid_purged that is set while an archiver could have been there.
    await shop.ecomdb(['backup', 'logical', '--quiet'])
    await shop.run("SET GLOBAL gtid_purged = '+3e11fa47-71ca-11e1-9e33-c80aa9429562:1-7'")
    expect((await archived()).status).toBe(13)
    expect((await archived()).status).toBe(0)
    await shop.ecomdb(['backup', 'logical', '--quiet'])
    await shop.run('PURGE BINARY LOGS BEFORE NOW()', 'INSERT INTO shop.t VALUES (4)')
    await shop.restart()
    expect((await archived()).status).toBe(0)
  })

  test('a start of which nobody has seen the time before is a doubt', async () => {
    const { scratchServers } = shop.engine
    const data = String(await shop.value('SELECT @@datadir'))
    await shop.ecomdb(['backup', 'logical', '--quiet'])
    await shop.run('INSERT INTO shop.t SELECT MAX(i) + 1 FROM shop.t')
    expect((await archived()).status).toBe(0)
    // MySQL's GTIDs would tell of another name.
    await shop.restart(family === 'mysql' ? '--skip-log-bin' : '--log-bin=another')
    await shop.run('INSERT INTO shop.t SELECT MAX(i) + 1 FROM shop.t')
    await shop.restart()
    await shop.run('INSERT INTO shop.t SELECT MAX(i) + 1 FROM shop.t')
    const [last] = (await shop.rows('SHOW BINARY LOGS')).slice(-1)
    await scratchServers.stop(shop.source.folder)
    await beginLater(join(data, String(last?.['Log_name'])), 600)
    await shop.restart()
    const text = /nobody saw the server from 20\S* to 20\S*: .* or was up without this log/
    const told = await archived()
    expect([told.status, told.stdout]).toEqual([3, expect.stringMatching(text)])
    const window = await shop.ecomdb(['backup', 'window'])
    expect([window.status, window.stdout]).toEqual([3, expect.stringMatching(text)])
    const restored = ['restore', '--gtid', await all(), '--confirm', 'shop']
    const done = await shop.ecomdb(restored, target)
    expect([done.status, done.stdout]).toEqual([3, expect.stringMatching(text)])
    await shop.rows('DROP DATABASE shop', target)
    await shop.ecomdb(['backup', 'logical', '--quiet'])
    await shop.run('INSERT INTO shop.t SELECT MAX(i) + 1 FROM shop.t')
    expect((await archived()).status).toBe(0)
    const after = await shop.ecomdb(['restore', '--gtid', await all(), '--confirm', 'shop'], target)
    expect(after.status, after.stderr).toBe(0)
  })
})

/** As if a server had begun a file of its log so many seconds later. */
async function beginLater(path: string, seconds: number): Promise<void> {
  const bytes = await readFile(path)
  const event = bytes.subarray(4, 4 + bytes.readUInt32LE(4 + 9))
  event.writeUInt32LE(event.readUInt32LE(0) + seconds, 0)
  event.writeUInt32LE(crc32(event.subarray(0, -4)), event.length - 4)
  await writeFile(path, bytes)
}
