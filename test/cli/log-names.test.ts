import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SqlRow } from '#engine/session'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

/** Of a Binlog_checkpoint_event: header, length and checksum, without the file's name. */
const CHECKPOINT_BYTES = 19 + 4 + 4

describe.each(SLOW_TEST_ENGINES)('%s: files of the binary log', family => {
  let folder: string
  let shop: LoggedShop

  beforeEach(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make(family, folder)
    await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)')
    await shop.run('FLUSH BINARY LOGS')
    await ecomdb(0, 'backup', 'logical')
    await archive()
  })

  afterEach(async () => {
    await shop?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const ecomdb = async (status: number, ...args: string[]): Promise<string> => {
    const result = await shop.ecomdb([...args, '--quiet'])
    expect(result.status, `${args}: ${result.stdout}${result.stderr}`).toBe(status)
    return result.stdout + result.stderr
  }
  const archive = (status = 0) => ecomdb(status, 'backup', 'binlog', '--once')
  const files = async () =>
    (await shop.rows('SHOW BINARY LOGS')).map(row => String(row['Log_name']))
  const isAll = async (report: string): Promise<void> => {
    const newest = (await shop.rows('SHOW BINARY LOGS')).at(-1)
    const [, file, end] = /ends at +(\S+):(\d+)/.exec(report) ?? []
    expect(file, report).toBe(newest?.['Log_name'])
    // MariaDB writes a checkpoint into a new file when it gets to it, which may be after the archiver's look.
    const missing = Number(newest?.['File_size']) - Number(end)
    expect([
      0,
      ...(family === 'mariadb' ? [CHECKPOINT_BYTES + String(file).length] : []),
    ]).toContain(missing)
    expect(report).toMatch(/complete +until 20/)
  }

  test('numbers that are left out, and of seven digits, are followed and replayed', async () => {
    // A server goes on behind the largest number in its folder; MariaDB looks when it starts.
    for (const [number, i] of [
      ['000099', 1],
      ['999998', 2],
    ] as const) {
      await writeFile(join(shop.source.folder, 'data', `binlog.${number}`), '')
      await shop.restart()
      await shop.run(`INSERT INTO shop.t VALUES (${i})`)
      if (i === 1) await isAll(await archive())
    }
    await shop.run('FLUSH BINARY LOGS', 'INSERT INTO shop.t VALUES (3)')
    expect(await files()).toEqual(expect.arrayContaining(['binlog.000100', 'binlog.999999']))
    await isAll(await archive())
    await ecomdb(0, 'backup', 'window')
    const at = String(await shop.value('SELECT UTC_TIMESTAMP() + INTERVAL 1 SECOND'))
    await shop.run('DO SLEEP(1.5)')
    await archive()
    const target = await startLogged(shop.engine, join(folder, 'target'))
    try {
      const to = ['restore', '--at', at, '--time-zone', 'UTC', '--confirm', 'shop', '--quiet']
      const restored = await shop.ecomdb(to, target)
      expect(restored.status, restored.stderr).toBe(0)
      const rows = (server = shop.source): Promise<SqlRow[]> =>
        shop.rows('SELECT i FROM shop.t ORDER BY i', server)
      expect(await rows(target)).toEqual(await rows())
    } finally {
      await shop.engine.scratchServers.remove(target.folder)
    }
  })

  test('a log that was given another name is another log', async () => {
    await shop.restart('--log-bin=other', '--log-bin-index=binlog.index')
    await shop.run('INSERT INTO shop.t VALUES (1)')
    expect(await files()).toEqual(expect.arrayContaining(['binlog.000002', 'other.000001']))
    expect(await archive(13)).toContain('a new stretch of the archive was begun at other.000001')
    await isAll(await archive())
    expect(await ecomdb(3, 'backup', 'window')).toMatch(/GAP .* to now: .* given another name/)
    await ecomdb(0, 'backup', 'logical')
    await shop.run('INSERT INTO shop.t VALUES (2)')
    await isAll(await archive())
    expect(await ecomdb(3, 'backup', 'window')).not.toContain('to now')
  })

  // As of two servers that go by one id: a copied auto.cnf, MariaDB without a port.
  test('of two data directories that take turns under one id the backup is a finding', async () => {
    const home = shop.source.folder
    const move = async (to: string): Promise<string> => {
      await shop.engine.scratchServers.stop(shop.source.folder)
      await rename(shop.source.folder, to)
      shop.source = await startLogged(shop.engine, to)
      return await ecomdb(to === home ? 3 : 0, 'backup', 'logical')
    }
    expect(await move(join(folder, 'moved'))).toContain('where this one was moved')
    expect(await ecomdb(0, 'backup', 'logical')).not.toContain('moved')
    expect(await move(home)).toContain('not kept  apart from each other')
  })

  test('of GTIDs that the server never had in its log, a refusal names those', async () => {
    const [gtids, strange] =
      family === 'mysql'
        ? ['@@gtid_executed', '11111111-2222-3333-4444-555555555555:1-5']
        : ['@@gtid_binlog_pos', '7-7-5']
    if (family === 'mysql') await shop.run(`SET GLOBAL gtid_purged = '+${strange}'`)
    await shop.run('INSERT INTO shop.t VALUES (1)')
    // MySQL tells that there is something which no file of its log has.
    await archive(family === 'mysql' ? 13 : 0)
    const had = String(await shop.value(`SELECT ${gtids}`)).replaceAll('\n', '')
    const all = family === 'mysql' ? had : `${had},${strange}`
    const refused = await ecomdb(10, 'restore', '--gtid', all, '--dry-run')
    expect(refused).toContain(`, and ${strange} is not in there`)
    expect(refused).toContain('gtid_purged')
  })
})
