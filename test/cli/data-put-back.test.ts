import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TEST_ENGINES } from '#test/engines'
import { LoggedShop } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

// MySQL's data files bring another server's UUID, and so another log.
test.runIf(TEST_ENGINES.includes('mariadb'))(
  'mariadb: data files of before are put in place, and the log stays: the archive tells, and no replay leads over it',
  async () => {
    const folder = await makeFolder()
    await mkdir(join(folder, 'log'))
    const options = [`--log-bin=${join(folder, 'log', 'binlog')}`]
    const shop = await LoggedShop.make('mariadb', folder, options)
    const { scratchServers } = shop.engine
    const data = join(shop.source.folder, 'data')
    const run = async (args: string[], status: number) => {
      const result = await shop.ecomdb([...args, '--quiet'])
      expect(result.status, result.stderr).toBe(status)
      return result.stdout + result.stderr
    }
    const gtids = async () => String(await shop.value('SELECT @@gtid_binlog_pos'))
    try {
      await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT PRIMARY KEY)')
      await run(['backup', 'logical'], 0)
      await run(['backup', 'binlog', '--once'], 0)
      await scratchServers.stop(shop.source.folder)
      await cp(data, join(folder, 'image'), { recursive: true })
      await shop.restart(...options)
      await shop.run('INSERT INTO shop.t VALUES (1)')
      await run(['backup', 'binlog', '--once'], 0)
      const before = await gtids()
      // A crash loses nothing that was on the disk; that this log may have lost its end (sync_binlog = 0) is a finding.
      process.kill(shop.source.pid, 'SIGKILL')
      await shop.restart(...options)
      await run(['backup', 'binlog', '--once'], 3)

      // Behind the archive's end, and undone with it: no way leads on from this one either.
      await shop.run('INSERT INTO shop.t VALUES (3)')
      await run(['backup', 'logical'], 0)
      await scratchServers.stop(shop.source.folder)
      await rm(data, { recursive: true })
      await cp(join(folder, 'image'), data, { recursive: true })
      await shop.restart(...options)
      await shop.run('INSERT INTO shop.t VALUES (2)', 'CREATE TABLE shop.large (v MEDIUMTEXT)')
      // More than was undone: InnoDB's log is farther than ever.
      await shop.run("INSERT INTO shop.large SELECT REPEAT('x', 4000000)")
      expect(await run(['backup', 'binlog', '--once'], 13)).toContain(
        'older data files were put in place',
      )
      await run(['backup', 'binlog', '--once'], 0)
      expect(await run(['backup', 'window'], 3)).toMatch(/GAP .* put back to an earlier state/)
      await run(['restore', '--gtid', await gtids(), '--dry-run'], 10)
      // There is a way to this one, and it ends at what the server holds.
      await run(['restore', '--gtid', before, '--dry-run'], 2)
    } finally {
      await shop.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
)
