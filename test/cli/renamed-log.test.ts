import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
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
