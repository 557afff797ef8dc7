import { rm } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { TEST_ENGINES } from '#test/engines'
import { LoggedShop } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

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
