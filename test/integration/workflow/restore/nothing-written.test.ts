import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentProgress } from '#core/progress'
import type { EngineFamily } from '#domain/engine-family'
import { mariadbLogicalDialect } from '#engine/mariadb/logical-dialect'
import { mysqlLogicalDialect } from '#engine/mysql/logical-dialect'
import { ReaderPool } from '#engine/shared/logical/reader-pool'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { serverValues } from '#test/server-values'
import { withBackups } from '#test/with-backups'
import { drillSnapshot } from '#workflow/restore/drill-snapshot'
import { openSnapshot } from '#workflow/restore/open-snapshot'

test.each(TEST_ENGINES)(
  '%s: views and a probe that write when they are asked write nothing, here nor there',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const before = await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of [...WRITING, ...(family === 'mariadb' ? MARIADB : [])]) {
          await session.run(sql)
        }
        const values = await serverValues(session)
        expect((await place.report(server)).findings).toEqual([])
        expect(await serverValues(session)).toEqual(values)
        await session.close()
        return values
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const { outcome } = await place.restore(server)
        const answers = outcome?.checks.find(({ name }) => name === 'answers')
        expect(answers).toMatchObject({ outcome: 'passed' })
        for (const view of writingViews(family)) {
          expect(answers?.summary).toContain(`\`shop\`.\`${view}\` opens, and was asked for no row`)
        }
        const session = await engine.connect(server.administrator)
        expect(await serverValues(session)).toEqual(before)
        await session.close()
      })
      const { outcome } = await drillSnapshot(place.drillOptions(), silentProgress())
      expect(outcome).toBe('passed')
    })
  },
)

test.each(TEST_ENGINES)(
  '%s: a procedure of the shop that ends its transaction costs the backup no snapshot, and writes nothing',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of [...WRITING.slice(0, -1), ENDING]) await session.run(sql)
        const values = await serverValues(session)
        expect((await place.report(server)).findings).toEqual([])
        expect(await serverValues(session)).toEqual(values)
        const { manifest } = await openSnapshot(await place.access(), 'latest', silentProgress())
        expect(manifest.tables.map(({ name, rows }) => [name, rows])).toContainEqual(['seen', 1])
        expect(manifest.probes).toEqual([])
        // What is not seen in its text.
        const pool = await ReaderPool.open(DIALECTS[family], server.administrator, 1)
        await pool.startSnapshots(async () => {})
        await expect(pool.query('CALL shop.order_performance(NULL, NULL)')).rejects.toMatchObject({
          code: 'NOT_CONSISTENT',
        })
        await pool.close()
        expect(await serverValues(session)).toEqual(values)
        await session.close()
      })
    })
  },
)

const DIALECTS = { mysql: mysqlLogicalDialect, mariadb: mariadbLogicalDialect }

const writingViews = (family: EngineFamily): string[] => [
  ...['one', 'of_its_own', 'kept_apart'],
  ...(family === 'mariadb' ? ['next_of'] : []),
]

const WRITING = [
  'CREATE DATABASE shop',
  'CREATE DATABASE other',
  'CREATE TABLE other.kept (n INT) ENGINE=MyISAM',
  'USE shop',
  'CREATE TABLE seen (n INT AUTO_INCREMENT PRIMARY KEY, who VARCHAR(9))',
  "INSERT INTO seen (who) VALUES ('a')",
  'CREATE TABLE order_items (order_item_id INT PRIMARY KEY, created_at DATETIME, price_usd INT)',
  "INSERT INTO order_items VALUES (1, '2012-03-19 09:00:00', 50)",
  "CREATE FUNCTION note() RETURNS INT DETERMINISTIC BEGIN INSERT INTO seen (who) VALUES ('view'); RETURN 1; END",
  'CREATE FUNCTION keep() RETURNS INT DETERMINISTIC BEGIN INSERT INTO other.kept VALUES (1); RETURN 1; END',
  'CREATE VIEW one AS SELECT note() AS x',
  // Error 1442 where it may write.
  'CREATE VIEW of_its_own AS SELECT n FROM seen WHERE note() = 1',
  'CREATE ALGORITHM=TEMPTABLE VIEW kept_apart AS SELECT keep() AS x FROM order_items',
  "CREATE PROCEDURE order_performance(f DATE, t DATE) BEGIN INSERT INTO seen (who) VALUES ('probe'); SELECT COUNT(*) FROM order_items WHERE created_at BETWEEN f AND t; END",
]

const ENDING =
  "CREATE PROCEDURE order_performance(f DATE, t DATE) BEGIN START TRANSACTION; INSERT INTO seen (who) VALUES ('probe'); COMMIT; SELECT 1; END"

const MARIADB = ['CREATE SEQUENCE numbers', 'CREATE VIEW next_of AS SELECT NEXTVAL(numbers) AS n']
