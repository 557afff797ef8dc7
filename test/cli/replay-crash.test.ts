import { readFile, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { isAlive } from '#process/is-alive'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

test.each(SLOW_TEST_ENGINES)('%s: a server that went down with its machine', async family => {
  const folder = await makeFolder()
  const durable = ['--sync-binlog=1', '--innodb-flush-log-at-trx-commit=1']
  const shop = await LoggedShop.make(family, folder, durable)
  const target = await startLogged(shop.engine, join(folder, 'target'))
  const lax = ['--sync-binlog=0', '--innodb-flush-log-at-trx-commit=1']
  const archived = () => shop.ecomdb(['backup', 'binlog', '--once'])
  const restored = async () => {
    // MySQL's own has what its tables have, too.
    const { stdout } = await shop.ecomdb(['backup', 'window', '--json'])
    const all = JSON.parse(stdout).result.sources[0].stretches.at(-1).end.gtids
    const done = await shop.ecomdb(['restore', '--gtid', all, '--confirm', 'shop'], target)
    await shop.rows('DROP DATABASE IF EXISTS shop', target)
    return done
  }
  /** Its log is on the disk as far as it was at `end`; the machine took the rest with it. */
  const crash = async (end: { file: string; offset: number } | null) => {
    const pid = Number(await readFile(String(await shop.value('SELECT @@pid_file')), 'utf8'))
    const data = String(await shop.value('SELECT @@datadir'))
    process.kill(pid, 'SIGKILL')
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 20_000)
    if (end) await truncate(join(data, end.file), end.offset)
  }
  try {
    await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)')
    await shop.ecomdb(['backup', 'logical', '--quiet'])
    await shop.run('INSERT INTO shop.t VALUES (1)')
    await crash(null)
    await shop.restart(...durable)
    await shop.run('INSERT INTO shop.t VALUES (2)')
    expect((await archived()).status).toBe(0)
    // In good order.
    await shop.restart(...lax)
    await shop.run('INSERT INTO shop.t VALUES (3)')
    expect((await archived()).status).toBe(0)
    expect((await shop.ecomdb(['backup', 'window'])).status).toBe(0)
    const fine = await restored()
    expect([fine.status, fine.stdout]).toEqual([0, expect.not.stringContaining('FINDING')])

    await shop.ecomdb(['backup', 'logical', '--quiet'])
    const how = family === 'mysql' ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS'
    const [status] = await shop.rows(how)
    await shop.run('INSERT INTO shop.t VALUES (4)')
    // So that it is in the tables for good.
    await sleep(2500)
    await crash({ file: String(status?.['File']), offset: Number(status?.['Position']) })
    await shop.restart(...lax)
    await shop.run('INSERT INTO shop.t VALUES (5)')
    const lost = await archived()
    expect(lost.stderr).toContain('went down without closing its log before binlog.')
    // MySQL's tables have its GTID.
    expect(lost.status).toBe(family === 'mysql' ? 13 : 3)
    const unsure = await shop.ecomdb(['backup', 'window'])
    expect([unsure.status, unsure.stdout]).toEqual([
      3,
      expect.stringMatching(
        family === 'mysql'
          ? / GAP {9}20.* to now: .* lost the end of its log, /
          : / DOUBT {7}20.* to now: the server went down .* had sync_binlog = 0: /,
      ),
    ])
    if (family === 'mysql') {
      const all = String(await shop.value('SELECT @@gtid_executed'))
      const lacking = await shop.ecomdb(['restore', '--gtid', all, '--confirm', 'shop'], target)
      expect([lacking.status, lacking.stderr]).toEqual([
        10,
        expect.stringMatching(
          /hint: the server went down .* before binlog\.\d+: .* leave them out/,
        ),
      ])
    }
    const told = await restored()
    const finding = /FINDING: the server went down .* sync_binlog = 0 \(before binlog\./
    if (family === 'mysql') expect(told.status).toBe(10)
    else expect([told.status, told.stdout]).toEqual([3, expect.stringMatching(finding)])
    await shop.ecomdb(['backup', 'logical', '--quiet'])
    await shop.run('INSERT INTO shop.t VALUES (6)')
    expect((await archived()).status).toBe(0)
    // As long as the snapshot of before it leads over it.
    const ended = JSON.parse((await shop.ecomdb(['backup', 'window', '--json'])).stdout)
    const spans = family === 'mysql' ? 'gaps' : 'doubts'
    expect(ended.result.sources[0][spans]).toEqual([
      { from: expect.any(String), until: expect.any(String), why: expect.any(String) },
    ])
    const after = await restored()
    expect(after.status, after.stderr).toBe(0)
  } finally {
    await shop.engine.scratchServers.remove(target.folder)
    await shop.stop()
    await rm(folder, { recursive: true, force: true })
  }
})
