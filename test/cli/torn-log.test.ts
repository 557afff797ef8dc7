import { readFile, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { isAlive } from '#process/is-alive'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

/** MySQL cuts such a file when it is started; MariaDB, and its replicas, stay at it for ever. */
test.each(SLOW_TEST_ENGINES)('%s: a log that ends within an event', async family => {
  const folder = await makeFolder()
  const lax = ['--sync-binlog=0']
  const shop = await LoggedShop.make(family, folder, lax)
  const target = await startLogged(shop.engine, join(folder, 'target'))
  const archived = () => shop.ecomdb(['backup', 'binlog', '--once'])
  try {
    await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)')
    await shop.ecomdb(['backup', 'logical', '--quiet'])
    await shop.run('INSERT INTO shop.t VALUES (1)', 'INSERT INTO shop.t VALUES (2)')
    const pid = Number(await readFile(String(await shop.value('SELECT @@pid_file')), 'utf8'))
    const data = String(await shop.value('SELECT @@datadir'))
    const [last] = (await shop.rows('SHOW BINARY LOGS')).slice(-1)
    const path = join(data, String(last?.['Log_name']))
    process.kill(pid, 'SIGKILL')
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 20_000)
    // Within the end of the last transaction.
    await truncate(path, (await stat(path)).size - 5)
    await shop.restart(...lax)
    await shop.run('INSERT INTO shop.t VALUES (3)')
    const first = await archived()
    // MySQL's tables may have the GTID, which is in no file then.
    const told = family === 'mysql' ? [3, 13] : [3]
    expect(told, first.stderr).toContain(first.status)
    expect(first.stderr).toContain('went down without closing its log before')
    await shop.run('INSERT INTO shop.t VALUES (4)')
    const again = await archived()
    expect(again.status, again.stderr).toBe(0)
    if (family === 'mysql') return
    const { stdout } = await shop.ecomdb(['backup', 'window', '--json'])
    const { end } = JSON.parse(stdout).result.sources[0].stretches.at(-1)
    const restore = ['restore', '--gtid', end.gtids, '--confirm', 'shop']
    const restored = await shop.ecomdb(restore, target)
    expect([restored.status, restored.stdout]).toEqual([
      3,
      expect.stringContaining('FINDING: the server went down without closing its log'),
    ])
    const rows = await shop.rows('SELECT i FROM shop.t ORDER BY i', target)
    expect(rows.map(row => Number(row['i']))).toEqual([1, 3, 4])
  } finally {
    await shop.engine.scratchServers.remove(target.folder)
    await shop.stop()
    await rm(folder, { recursive: true, force: true })
  }
})
