import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { SLOW_TEST_ENGINES, TEST_ENGINES } from '#test/engines'
import { LoggedShop } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

test.each(SLOW_TEST_ENGINES)(
  '%s: a moment that is restored into the server whose log is archived is told where that log has it not',
  async family => {
    const folder = await makeFolder()
    const shop = await LoggedShop.make(family, folder)
    const run = async (args: string[], status: number) => {
      const result = await shop.ecomdb([...args, '--quiet'])
      expect(result.status, result.stderr).toBe(status)
      return result.stdout
    }
    const set = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
    const gtids = async () => String(await shop.value(`SELECT ${set}`)).replaceAll('\n', '')
    const restore = async (moment: string, status: number, ...more: string[]) => {
      await shop.run('DROP DATABASE shop')
      return run(['restore', '--gtid', moment, '--confirm', 'shop', ...more], status)
    }
    /** Moments of before the restore stay. */
    const toldOfGap = async (moment: string) => {
      const before = await archivedGtids()
      await run(['backup', 'binlog', '--once'], 13)
      await run(['backup', 'binlog', '--once'], 0)
      const gap = /GAP .* what was restored into it from then on is not in its log/
      expect(await run(['backup', 'window'], 3)).toMatch(gap)
      await run(['restore', '--gtid', moment, '--dry-run'], 10)
      // There is a way to this one, and it ends at what the server holds.
      await run(['restore', '--gtid', before, '--dry-run'], 2)
    }
    const archivedGtids = async (): Promise<string> => {
      const { stdout } = await shop.ecomdb(['backup', 'window', '--json'])
      return JSON.parse(stdout).result.sources[0].stretches.at(-1).end.gtids
    }
    try {
      await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)')
      await run(['backup', 'logical'], 0)
      await shop.run('INSERT INTO shop.t VALUES (1)')
      const moment = await gtids()
      await run(['backup', 'binlog', '--once'], 0)
      const told = /FINDING: this is the server whose log is archived/
      expect(await restore(moment, 3)).toMatch(told)
      await shop.run('INSERT INTO shop.t VALUES (2)')
      await toldOfGap(await gtids())
      await run(['backup', 'logical'], 0)
      await shop.run('INSERT INTO shop.t VALUES (3)')
      await run(['backup', 'binlog', '--once'], 0)
      const later = await gtids()
      expect(await restore(later, 0, '--binlog')).not.toMatch(told)
      const all = [{ i: 1 }, { i: 2 }, { i: 3 }]
      expect(await shop.rows('SELECT i FROM shop.t ORDER BY i')).toEqual(all)
      await run(['backup', 'binlog', '--once'], 0)
      await shop.run('DROP DATABASE shop')
      const plain = ['restore', 'latest', '--databases', 'shop', '--confirm', 'shop']
      expect(await run([...plain, '--no-binlog'], 3)).toMatch(told)
      await shop.run('DELETE FROM shop.t WHERE i = 3')
      await toldOfGap(await gtids())
    } finally {
      await shop.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
)

test.runIf(TEST_ENGINES.includes('mariadb'))(
  'mariadb: another server of this host, with the same name and a longer log, is not the one that is archived',
  async () => {
    const folder = await makeFolder()
    // Its name is made of an address of the host and of the port.
    const port = ['--skip-networking', '--port=3399']
    const shop = await LoggedShop.make('mariadb', join(folder, 'shop'), port)
    // Files of a log are known by the second.
    await sleep(1100)
    const other = await LoggedShop.make('mariadb', join(folder, 'other'), port)
    const done = async (args: string[], server = shop.source) => {
      const result = await shop.ecomdb([...args, '--quiet'], server)
      expect(result.status, result.stderr + result.stdout).toBe(0)
    }
    try {
      await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)')
      await done(['backup', 'logical'])
      await shop.run('INSERT INTO shop.t VALUES (1)')
      await done(['backup', 'binlog', '--once'])
      const uid = 'SELECT @@server_uid'
      expect(await other.value(uid)).toBe(await shop.value(uid))
      await other.run(
        'CREATE DATABASE elsewhere',
        'CREATE TABLE elsewhere.t (i INT AUTO_INCREMENT PRIMARY KEY)',
        ...Array.from({ length: 10 }, () => 'INSERT INTO elsewhere.t VALUES ()'),
        'DROP DATABASE elsewhere',
      )
      const moment = String(await shop.value('SELECT @@gtid_binlog_pos'))
      await done(['restore', '--gtid', moment, '--confirm', 'shop'], other.source)
    } finally {
      await shop.stop()
      await other.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
)
