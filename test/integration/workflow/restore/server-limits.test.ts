import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { withServer } from '#test/backed-up'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { expectSameAsBefore } from '#test/same-as-before'
import { withBackups } from '#test/with-backups'

afterEach(() => {
  vi.unstubAllEnvs()
})

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
