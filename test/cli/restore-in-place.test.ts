import { rm } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { SLOW_TEST_ENGINES } from '#test/engines'
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
    try {
      await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)')
      await run(['backup', 'logical'], 0)
      await shop.run('INSERT INTO shop.t VALUES (1)')
      const moment = await gtids()
      await run(['backup', 'binlog', '--once'], 0)
      const told = /FINDING: this is the server whose log is archived/
      expect(await restore(moment, 3)).toMatch(told)
      await run(['backup', 'logical'], 0)
      await shop.run('INSERT INTO shop.t VALUES (2)')
      await run(['backup', 'binlog', '--once'], 0)
      const later = await gtids()
      expect(await restore(later, 0, '--binlog')).not.toMatch(told)
      expect(await shop.rows('SELECT i FROM shop.t ORDER BY i')).toEqual([{ i: 1 }, { i: 2 }])
    } finally {
      await shop.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
)
