import { rm } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { Secret } from '#core/secret'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { TEST_ENGINES } from '#test/engines'
import { LoggedShop } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'
import { noteInOwnLog } from '#workflow/restore/own-log'

async function withShop(
  family: LoggedShop['family'],
  use: (shop: LoggedShop, archived: (status: number) => Promise<void>) => Promise<void>,
): Promise<void> {
  const folder = await makeFolder()
  const shop = await LoggedShop.make(family, folder)
  const archived = async (status: number): Promise<void> => {
    const run = await shop.ecomdb(['backup', 'binlog', '--once', '--quiet'])
    expect(run.status, run.stdout + run.stderr).toBe(status)
  }
  try {
    await use(shop, archived)
  } finally {
    await shop.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

test.each(TEST_ENGINES)(
  '%s: the mark of a restore that is not in the log counts, whatever the server was called then',
  async family => {
    const mark = 'DROP TABLE IF EXISTS ecomdb_restore.not_in_this_log'
    await withShop(family, async (shop, archived) => {
      await shop.run('CREATE DATABASE shop')
      await archived(0)
      await shop.run(mark, 'SET GLOBAL server_id = 77')
      await archived(13)
      await shop.run(mark)
      await archived(13)
      await archived(0)
    })
  },
)

test.each(TEST_ENGINES)(
  "%s: another server's snapshot, restored by an account that may not see the log, is told where that log is archived",
  async family => {
    const password = new Secret('Nothing-to-see-1')
    await withShop(family, async (shop, archived) => {
      await shop.run(
        'CREATE DATABASE shop',
        `CREATE USER restorer IDENTIFIED BY '${password.reveal()}'`,
        'GRANT DROP ON *.* TO restorer',
      )
      const connect = { ...shop.source.administrator, user: 'restorer', password }
      const noted = async (): Promise<string[]> => {
        const session = await shop.engine.connect(connect)
        const archive = openDirectoryTarget(shop.place.path)
        const { trustedSigners: signers } = shop.place.config
        const log = { archive, signers, sourceId: 'another' }
        return await noteInOwnLog({ engine: shop.engine, connect }, session, log).finally(() =>
          session.close(),
        )
      }
      expect(await noted()).toEqual([])
      await archived(0)
      // MySQL tells nobody else whether it is a replica.
      const told = family === 'mysql' ? 'and nothing tells' : 'the archiver tells (13)'
      expect(await noted()).toEqual([expect.stringContaining(told)])
      await archived(family === 'mysql' ? 0 : 13)
    })
  },
)
