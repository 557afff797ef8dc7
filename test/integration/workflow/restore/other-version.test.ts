import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentProgress } from '#core/progress'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'
import { drillSnapshot } from '#workflow/restore/drill-snapshot'

/** A way in that is gone here: what a server of another version has left behind. */
const OLD_WAY: Record<EngineFamily, string> = {
  mysql:
    "UPDATE mysql.user SET plugin = 'gone_password', authentication_string = '' WHERE User = 'boss'",
  mariadb: `UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.plugin', 'gone_password') WHERE User = 'boss'`,
}

test.each(TEST_ENGINES)(
  '%s: a drill on another version blames no snapshot that it cannot restore',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run("CREATE USER boss@localhost IDENTIFIED BY 'Way-in-1234'")
        await session.run(OLD_WAY[family])
        await session.run('FLUSH PRIVILEGES')
        await session.close()
        await place.report(server)
      })
      const options = place.drillOptions()
      const same = await drillSnapshot(options, silentProgress())
      expect(same).toMatchObject({ outcome: 'failed' })
      const engineFor = async (name: EngineFamily): Promise<Engine> => {
        const engine = await options.engineFor(name)
        const start: Engine['scratchServers']['start'] = async asked => ({
          ...(await engine.scratchServers.start(asked)),
          version: '99.1.0',
        })
        return { ...engine, scratchServers: { ...engine.scratchServers, start } }
      }
      const other = drillSnapshot({ ...options, engineFor }, silentProgress())
      await expect(other).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        what: expect.stringMatching(/99\.1\.0 is installed here, .* neither proved nor found bad$/),
        why: expect.stringContaining("cannot restore account 'boss'@'localhost'"),
      })
    })
  },
)

test.runIf(TEST_ENGINES.includes('mysql'))(
  'mysql: a trigger of another client comes back on a table with a generated column',
  async () => {
    await withBackups('mysql', async ({ folder, place }) => {
      await withServer('mysql', join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('USE shop')
        await session.run('CREATE TABLE t (id INT PRIMARY KEY, 表 INT, g INT AS (表 + 1) STORED)')
        await session.run('INSERT INTO t (id, 表) VALUES (1, 2)')
        await session.run('CREATE TRIGGER before_a BEFORE UPDATE ON t FOR EACH ROW SET @b = 1')
        await session.rows('SELECT * FROM t')
        await session.run('SET NAMES cp932')
        await session.run('CREATE TRIGGER a BEFORE UPDATE ON t FOR EACH ROW SET @a = 1')
        await session.close()
        await place.report(server)
      })
      await withServer('mysql', join(folder, 'target'), async server => {
        const { outcome } = await place.restore(server)
        expect(outcome?.checks.filter(one => one.outcome === 'failed')).toEqual([])
        expect(outcome?.checks.find(({ name }) => name === 'triggers')?.summary).toBe('2 triggers')
      })
    })
  },
)
