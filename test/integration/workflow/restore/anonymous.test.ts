import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

afterEach(() => {
  vi.unstubAllEnvs()
})

test.each(TEST_ENGINES)(
  '%s: by the account without a name nobody gets into what was restored',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of SOURCE) await session.run(sql)
        await session.close()
        const anybody = { ...server.administrator, user: 'anybody', database: 'shop' }
        const open = await engine.connect(anybody)
        expect(await open.value('SELECT COUNT(*) FROM shop.t')).toBe('0')
        await open.close()
        await place.backUp(server)
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const { notes, outcome } = await place.restore(server, { confirm: 'shop' })
        expect(outcome?.checks.filter(one => one.outcome === 'failed')).toEqual([])
        expect(notes.join('\n')).toMatch(/come back locked .*account ''@'localhost'/)
        const anybody = { ...server.administrator, user: 'anybody', database: 'shop' }
        await expect(engine.connect(anybody)).rejects.toMatchObject({
          code: 'AUTHENTICATION_REFUSED',
        })
      })
    })
  },
)

const SOURCE = [
  'CREATE DATABASE shop',
  'CREATE TABLE shop.t (n INT)',
  "CREATE USER ''@'localhost'",
  "GRANT ALL ON shop.* TO ''@'localhost'",
]
