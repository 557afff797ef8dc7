import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

test.each(TEST_ENGINES)(
  '%s: folders that an account keeps in the data directory are no databases, and comments no counters',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'server'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        const data = (await session.value('SELECT @@datadir')) ?? ''
        for (const name of ['.ssh', '.local']) await mkdir(join(data, name))
        await session.run('CREATE DATABASE shop')
        await session.run(
          "CREATE TABLE shop.t (i INT AUTO_INCREMENT PRIMARY KEY COMMENT 'then AUTO_INCREMENT=5')",
        )
        const writing = await engine.connect(server.administrator)
        let isOver = false
        const writes = (async () => {
          while (!isOver) await writing.run('INSERT INTO shop.t VALUES ()')
        })()
        await place.backUp(server).finally(() => {
          isOver = true
        })
        await writes
        const { databases } = await engine.binaryLog.replay.observe(session)
        expect(databases).toEqual(['shop'])
        await writing.close()
        await session.close()
      })
    })
  },
)
