import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

test.each(SLOW_TEST_ENGINES)('%s: a session whose time is still to come', async family => {
  const folder = await makeFolder()
  const shop = await LoggedShop.make(family, folder)
  const target = await startLogged(shop.engine, join(folder, 'target'))
  const restored = async (at: string) => {
    const done = await shop.ecomdb(['restore', '--at', at, '--confirm', 'shop'], target)
    if (done.status !== 0) return done.status
    const rows = await shop.rows('SELECT i FROM shop.t ORDER BY i', target)
    await shop.rows('DROP DATABASE shop', target)
    return rows.map(row => Number(row['i']))
  }
  const now = async (): Promise<string> => {
    await sleep(1100)
    const text = "DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ')"
    const at = String(await shop.value(`SELECT ${text}`))
    await sleep(1100)
    return at
  }
  try {
    await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)')
    await shop.ecomdb(['backup', 'logical', '--quiet'])
    await shop.run('INSERT INTO shop.t VALUES (1)')
    await shop.run('SET TIMESTAMP = 2000000000', 'INSERT INTO shop.t VALUES (2)')
    // What is behind it is in another segment.
    await shop.run('FLUSH BINARY LOGS', 'INSERT INTO shop.t VALUES (3)')
    await shop.run(
      'FLUSH BINARY LOGS',
      'SET TIMESTAMP = 2000000000',
      'INSERT INTO shop.t VALUES (5)',
    )
    await shop.run('FLUSH BINARY LOGS', 'INSERT INTO shop.t VALUES (6)')
    const between = await now()
    await shop.run('INSERT INTO shop.t VALUES (4)')
    expect((await shop.ecomdb(['backup', 'binlog', '--once'])).status).toBe(0)
    const { stdout } = await shop.ecomdb(['backup', 'window', '--json'])
    const [{ restorable }] = JSON.parse(stdout).result.sources[0].stretches
    expect(restorable.until < '2033').toBe(true)
    expect(await restored(between)).toEqual([1, 2, 3, 5, 6])
    const later = await now()
    expect((await shop.ecomdb(['backup', 'binlog', '--once'])).status).toBe(0)
    expect(await restored(later)).toEqual([1, 2, 3, 4, 5, 6])
    expect(await restored('2030-01-01 00:00:00Z')).toBe(10)
  } finally {
    await shop.engine.scratchServers.remove(target.folder)
    await shop.stop()
    await rm(folder, { recursive: true, force: true })
  }
})
