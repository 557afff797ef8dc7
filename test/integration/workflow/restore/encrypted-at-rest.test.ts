import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentProgress } from '#core/progress'
import type { EngineFamily } from '#domain/engine-family'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'
import { withTableKey } from '#test/with-table-key'
import { drillSnapshot } from '#workflow/restore/drill-snapshot'

const ENCRYPTED: Record<EngineFamily, string> = {
  mysql: "ENCRYPTION = 'Y'",
  mariadb: 'ENCRYPTED = YES ENCRYPTION_KEY_ID = 2',
}

test.each(TEST_ENGINES)(
  '%s: tables that the server encrypts are drilled in the clear, and restored where there is a key',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withTableKey(
        family,
        join(folder, 'source'),
        async (server, engine) => {
          const session = await engine.connect(server.administrator)
          const database = family === 'mysql' ? "shop DEFAULT ENCRYPTION = 'Y'" : 'shop'
          await session.run(`CREATE DATABASE ${database}`)
          const options = `${ENCRYPTED[family]} COMMENT = 'ENCRYPTION=''Y'''`
          await session.run(`CREATE TABLE shop.sealed (id INT PRIMARY KEY) ${options}`)
          const parts = 'PARTITION BY HASH (id) PARTITIONS 2'
          await session.run(`CREATE TABLE shop.parts (id INT) ${ENCRYPTED[family]} ${parts}`)
          const not = family === 'mysql' ? "ENCRYPTION = 'N'" : 'ENCRYPTED = NO'
          await session.run(`CREATE TABLE shop.plain (id INT PRIMARY KEY) ${not}`)
          for (const table of ['sealed', 'parts', 'plain']) {
            await session.run(`INSERT INTO shop.${table} VALUES (1), (2)`)
          }
          await session.close()
          expect(await place.report(server)).toMatchObject({ findings: [], rows: 6 })
          await expect(engine.physicalBackups.check(server.administrator)).rejects.toMatchObject({
            code: 'UNSUPPORTED',
          })
        },
        family === 'mysql' ? ['--log-bin=binlog', '--binlog-encryption=ON'] : ['--log-bin=binlog'],
      )
      const report = await drillSnapshot(place.drillOptions(), silentProgress())
      expect(report.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
      const check = report.checks.find(({ name }) => name === 'encryption')
      expect(check).toMatchObject({ outcome: 'unchecked' })
      expect(check?.summary).toMatch(/encrypted on the source: `shop`.`parts`, `shop`.`sealed`$/)
      await withServer(family, join(folder, 'keyless'), async server => {
        await expect(place.restore(server, { confirm: 'shop' })).rejects.toMatchObject({
          code: 'UNSUPPORTED',
          what: expect.stringContaining('it has no key'),
          why: expect.stringContaining('`shop`.`sealed`'),
        })
      })
      await withTableKey(family, join(folder, 'target'), async (server, engine) => {
        const restored = await place.restore(server, { confirm: 'shop' })
        expect(restored.outcome?.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
        const session = await engine.connect(server.administrator)
        const [shown] = await session.rows<Record<string, string>>('SHOW CREATE TABLE shop.sealed')
        expect(JSON.stringify(shown)).toMatch(/ENCRYPTION='Y'|`ENCRYPTED`='YES'/)
        await session.close()
      })
    })
  },
)
