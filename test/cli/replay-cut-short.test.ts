import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningServer } from '#engine/scratch-server'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

const ACCOUNTS = `SELECT CONCAT(user, '@', host) AS one FROM mysql.user
   WHERE user IN ('anna', 'eve') OR user LIKE 's\\_%' ORDER BY 1`

describe.each(SLOW_TEST_ENGINES)('%s: accounts of a replay that was cut short', family => {
  let folder: string
  let shop: LoggedShop
  let target: RunningServer
  /** Of the transaction that no server takes without what no log has. */
  let last: string

  beforeAll(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make(family, folder)
    target = await startLogged(shop.engine, join(folder, 'target'))
    await shop.run(
      ...['CREATE DATABASE shop', 'CREATE TABLE shop.orders (id INT PRIMARY KEY)'],
      "CREATE USER anna@localhost IDENTIFIED BY 'Secret-of-anna1!'",
      "CREATE USER ecomdb_issuer@localhost IDENTIFIED BY 'Secret-of-nobody1!'",
    )
    const backup = await shop.ecomdb(['backup', 'logical', '--quiet'])
    expect(backup.status, backup.stderr).toBe(0)
    await shop.run(
      'DROP USER anna@localhost',
      "CREATE USER anna@localhost IDENTIFIED BY 'Secret-of-anna2!'",
      "CREATE USER eve@localhost IDENTIFIED BY 'Secret-of-eve1!'",
      "CREATE USER s_bob_0123456789ab@localhost IDENTIFIED BY 'Secret-of-bob1!' WITH MAX_USER_CONNECTIONS 3",
      'CREATE DATABASE promo',
      ...['SET sql_log_bin = 0', 'CREATE TABLE shop.unlogged (i INT)', 'SET sql_log_bin = 1'],
      ...['INSERT INTO shop.unlogged VALUES (1)', 'CREATE TABLE shop.later (i INT)'],
    )
    const later = await shop.gtidOf(/CREATE TABLE shop.later/)
    last = later.replace(/\d+$/, number => String(Number(number) - 1))
    const once = await shop.ecomdb(['backup', 'binlog', '--once'])
    expect(once.status, once.stderr).toBe(0)
    const cut = await restore('--before-gtid', later)
    expect([cut.status, cut.stderr]).toEqual([30, expect.stringMatching(/unlogged.*doesn't exist/)])
    expect(await accounts()).toEqual([
      ...['anna@localhost', 'eve@localhost', 's_bob_0123456789ab@localhost'],
    ])
  })

  afterAll(async () => {
    await shop?.stop()
    await shop?.engine.scratchServers.remove(join(folder, 'target'))
    await rm(folder, { recursive: true, force: true })
  })

  const restore = (...args: string[]) =>
    shop.ecomdb(['restore', ...args, '--confirm', 'shop'], target)

  const accounts = async () => (await shop.rows(ACCOUNTS, target)).map(({ one }) => one)

  const isLocked = async (name: string): Promise<boolean> =>
    JSON.stringify(await shop.rows(`SHOW CREATE USER ${name}@localhost`, target)).includes(
      'ACCOUNT LOCK',
    )

  test('a database that only the log had made is told first', async () => {
    for (const args of [['latest'], ['--before-gtid', last]]) {
      const met = await restore(...args, '--start-over')
      expect(met.status, met.stdout).toBe(2)
      expect(met.stderr).toContain('promo')
      expect(met.stderr).toContain('nothing was changed')
    }
    await shop.rows('DROP DATABASE promo', target)
  })

  test('neither a snapshot nor another moment is restored while one of them is open', async () => {
    for (const args of [['latest'], ['--before-gtid', last]]) {
      const met = await restore(...args, '--start-over')
      expect(met.status, met.stdout).toBe(2)
      expect(met.stderr).toContain("remove 'eve'@'localhost' (DROP USER), or lock what is yours")
      expect(met.stderr).not.toMatch(/anna|s_bob/)
    }
  })

  test('what the log had opened, of accounts of the snapshot, too, is locked by the next one', async () => {
    await shop.rows('DROP USER eve@localhost', target)
    const done = await restore('--before-gtid', last, '--start-over')
    expect(done.status, done.stderr).toBe(0)
    expect(await accounts()).toEqual(['anna@localhost', 'eve@localhost'])
    expect(await isLocked('anna')).toBe(true)
    expect(await isLocked('eve')).toBe(true)
  })
})
