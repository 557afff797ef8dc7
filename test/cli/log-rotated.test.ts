import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

test.each(SLOW_TEST_ENGINES)(
  '%s: the GTIDs of a snapshot that was taken when the log had gone on in its next file',
  async family => {
    const folder = await makeFolder()
    const shop = await LoggedShop.make(family, folder)
    const target = await startLogged(shop.engine, join(folder, 'target'))
    const done = async (...args: string[]) => {
      const ended = await shop.ecomdb([...args, '--quiet'])
      expect(ended.status, ended.stderr).toBe(0)
    }
    const restored = async (gtids: string) => {
      const args = ['restore', '--gtid', gtids, '--confirm', 'shop']
      const ended = await shop.ecomdb(args, target)
      expect(ended.status, ended.stderr).toBe(0)
      expect(ended.stdout).toContain('replayed 0 transactions')
      expect(await shop.rows('SELECT i FROM shop.t', target)).toEqual([{ i: 1 }])
      await shop.rows('DROP DATABASE shop', target)
      const plan = await shop.ecomdb([...args, '--dry-run', '--data-dir', join(folder, 'files')])
      expect(plan.status, plan.stderr).toBe(0)
    }
    try {
      if (family === 'mysql') await shop.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
      await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT)')
      await shop.run('INSERT INTO shop.t VALUES (1)', 'FLUSH BINARY LOGS')
      const set = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
      const gtids = String(await shop.value(`SELECT ${set}`)).replaceAll('\n', '')
      for (const method of ['logical', 'physical']) await done('backup', method)
      await done('backup', 'binlog', '--once')
      await restored(gtids)
      await shop.run('INSERT INTO shop.t VALUES (2)')
      await done('backup', 'binlog', '--once')
      await restored(gtids)
    } finally {
      await shop.engine.scratchServers.remove(target.folder)
      await shop.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
)

test.runIf(SLOW_TEST_ENGINES.includes('mariadb'))(
  'mariadb: the GTIDs of a snapshot that was taken behind an event which is no transaction, in the middle of a file',
  async () => {
    const folder = await makeFolder()
    const shop = await LoggedShop.make('mariadb', folder)
    let rows = 0
    const insert = async () => await shop.run(`INSERT INTO shop.t VALUES (${++rows})`)
    /** Of the newest file. */
    const events = async () => {
      const file = (await shop.rows('SHOW BINARY LOGS')).at(-1)?.['Log_name']
      const all = await shop.rows(`SHOW BINLOG EVENTS IN '${file}'`)
      return all.map(event => String(event['Event_type']))
    }
    /** InnoDB says after a while that it has written what the file before has, and the log notes it then. */
    const endsSo = async () => {
      for (let tries = 0; tries < 50; tries += 1) {
        const types = await events()
        if (types.at(-1) === 'Binlog_checkpoint') return types.includes('Gtid')
        await sleep(100)
      }
      return false
    }
    const done = async (...args: string[]) => {
      const ended = await shop.ecomdb([...args, '--quiet'])
      expect(ended.status, ended.stderr).toBe(0)
      return ended.stdout
    }
    try {
      await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT)')
      for (let isSo = false; !isSo; isSo = await endsSo()) {
        await insert()
        await shop.run('FLUSH BINARY LOGS', `INSERT INTO shop.t VALUES (${++rows})`)
      }
      await done('backup', 'logical')
      const gtids = String(await shop.value('SELECT @@gtid_binlog_pos'))
      await insert()
      await done('backup', 'binlog', '--once')
      await shop.run('DROP DATABASE shop')
      const plan = await done('restore', '--gtid', gtids, '--dry-run')
      expect(plan).toContain('would replay 0 transactions')
    } finally {
      await shop.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
)
