import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import type { EngineFamily } from '#domain/engine-family'
import type { Session } from '#engine/session'
import { withServer } from '#test/backed-up'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { expectSameAsBefore } from '#test/same-as-before'
import { withBackups } from '#test/with-backups'

afterEach(() => {
  vi.unstubAllEnvs()
})

async function makeShop(session: Session): Promise<void> {
  await session.run('CREATE DATABASE shop')
  await session.run('CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(200))')
  await session.run("INSERT INTO shop.t VALUES (1, 'a'), (2, 'b')")
}

test.runIf(SLOW_TEST_ENGINES.includes('mysql'))(
  'mysql: JSON that is longer than max_allowed_packet is not backed up as nothing',
  async () => {
    await withBackups('mysql', async ({ folder, place }) => {
      await withServer('mysql', join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('CREATE TABLE shop.t (id INT PRIMARY KEY, j JSON)')
        await session.run(`INSERT INTO shop.t VALUES (1, CONCAT('["', REPEAT('x', 100000), '"]'))`)
        await session.run('SET GLOBAL max_allowed_packet = 65536')
        await expect(place.report(server)).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          what: 'the server does not send all values of table shop.t',
          why: expect.stringContaining('max_allowed_packet (65536)'),
          hints: [expect.stringContaining('SET GLOBAL max_allowed_packet')],
        })
        await session.run('SET GLOBAL max_allowed_packet = 16777216')
        await session.close()
        expect((await place.report(server)).findings).toEqual([])
      })
      await withServer('mysql', join(folder, 'target'), async (server, engine) => {
        const { outcome } = await place.restore(server)
        expectSameAsBefore({ outcome })
        const session = await engine.connect(server.administrator)
        expect(await session.value('SELECT JSON_STORAGE_SIZE(j) > 100000 FROM shop.t')).toBe('1')
        await session.close()
      })
    })
  },
)

/** As little as a server lets each session have. */
const LITTLE: Readonly<Record<EngineFamily, readonly string[]>> = {
  mysql: ['sort_buffer_size = 32768'],
  mariadb: [
    'sort_buffer_size = 32768',
    'max_session_mem_used = 500000',
    'tmp_disk_table_size = 1024',
  ],
}

test.each(SLOW_TEST_ENGINES)(
  '%s: what a server gives a session little of is enough for a backup and a restore',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const limit = async (session: Session): Promise<void> => {
        for (const setting of LITTLE[family]) await session.run(`SET GLOBAL ${setting}`)
      }
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await makeShop(session)
        await session.run('CREATE VIEW shop.v AS SELECT id FROM shop.t')
        await limit(session)
        await session.close()
        expect((await place.report(server)).rows).toBe(2)
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await limit(session)
        expectSameAsBefore(await place.restore(server))
        await session.close()
      })
    })
  },
)
