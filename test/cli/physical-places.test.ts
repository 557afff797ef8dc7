import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { requireOwnFolder } from '#engine/mariadb/own-folder'
import { TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { withFolder } from '#test/temporary'

describe.runIf(TEST_ENGINES.includes('mariadb'))('mariadb', () => {
  test('a data directory that is another server’s is told by its last checkpoint', () =>
    withFolder(async folder => {
      const shop = await LoggedShop.make('mariadb', folder)
      const other = await startLogged(shop.engine, join(folder, 'other'))
      const session = await shop.engine.connect(shop.source.administrator)
      try {
        await shop.run('CREATE DATABASE bank', 'SET GLOBAL innodb_log_checkpoint_now = ON')
        await requireOwnFolder(session, join(shop.source.folder, 'data'))
        await expect(requireOwnFolder(session, join(other.folder, 'data'))).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          what: expect.stringContaining('not those of the server that answers'),
        })
      } finally {
        await session.close()
        await shop.engine.scratchServers.remove(other.folder)
        await shop.stop()
      }
    }))
})
