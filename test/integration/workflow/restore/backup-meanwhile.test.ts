import { rm } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { TEST_ENGINES } from '#test/engines'
import { LoggedShop } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

test.each(TEST_ENGINES)(
  '%s: a backup while a restore runs, or behind one that was killed, says so, and no moment behind an unlogged one starts from it',
  async family => {
    const folder = await makeFolder()
    const shop = await LoggedShop.make(family, folder)
    const run = async (args: string[], status: number): Promise<string> => {
      const result = await shop.ecomdb([...args, '--quiet'])
      expect(result.status, `${args}: ${result.stdout}${result.stderr}`).toBe(status)
      return result.stdout
    }
    const now = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
    const findings = async () => (await shop.place.report(shop.source)).findings
    const meanwhile = [expect.stringContaining('a restore had not ended at this point')]
    try {
      if (family === 'mysql') await shop.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
      await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)')
      expect(await findings()).toEqual([])
      await run(['backup', 'binlog', '--once'], 0)
      await shop.run('DROP DATABASE shop')
      const archive = openDirectoryTarget(shop.place.path)
      const backedUp = async () => expect(await findings()).toEqual(meanwhile)
      const sequel = { moment: 'now', check: async () => [], run: backedUp }
      await shop.place.restore(shop.source, { binlog: false, archive, sequel })
      await shop.run('INSERT INTO shop.t VALUES (1)')
      await run(['backup', 'binlog', '--once'], 13)
      const moment = String(await shop.value(`SELECT ${now}`)).replaceAll('\n', '')
      await run(['restore', '--gtid', moment, '--dry-run'], 10)

      // Its table has no file of its own then, and MySQL's clone has no folder of it.
      await shop.run('SET GLOBAL innodb_file_per_table = OFF')
      await shop.run('CREATE DATABASE ecomdb_restore', 'CREATE TABLE ecomdb_restore.p (i INT)')
      expect(await findings()).toEqual(meanwhile)
      expect(await run(['backup', 'physical'], 3)).toContain('a restore had not ended')
    } finally {
      await shop.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
)
