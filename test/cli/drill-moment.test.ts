import { join } from 'node:path'
import { expect, test } from 'vitest'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { withFolder } from '#test/temporary'

test.each(SLOW_TEST_ENGINES)(
  '%s: a second from before a database was made is drilled with the newest snapshot, which has it',
  family =>
    withFolder(async folder => {
      const shop = await LoggedShop.make(family, folder)
      try {
        const done = async (...args: string[]) => {
          const run = await shop.ecomdb(args)
          expect(run.status, `${args.join(' ')}\n${run.stdout}${run.stderr}`).toBe(0)
          return run
        }
        await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (a INT PRIMARY KEY)')
        await done('backup', 'logical')
        await shop.run('INSERT INTO shop.t VALUES (1)')
        await done('backup', 'binlog', '--once')
        await shop.run('CREATE DATABASE crm', 'CREATE TABLE crm.c (a INT PRIMARY KEY)')
        await done('backup', 'logical')
        // The log of another server is in the repository, too.
        const other = await startLogged(shop.engine, join(folder, 'other'))
        try {
          const archived = await shop.ecomdb(['backup', 'binlog', '--once'], other)
          expect(archived.status, archived.stderr).toBe(0)
        } finally {
          await shop.engine.scratchServers.remove(other.folder)
        }
        const { checks } = (await done('drill', '--any-moment', '--json')).json().result
        expect(checks).toContainEqual(
          expect.objectContaining({ name: 'moment', outcome: 'passed' }),
        )
      } finally {
        await shop.stop()
      }
    }),
)
