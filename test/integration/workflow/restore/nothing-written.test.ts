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

test.each(TEST_ENGINES)(
  '%s: a procedure of the shop sets no variable of the server that it is restored into',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const count = await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of SETTING) await session.run(sql)
        await place.report(server)
        // There the backup's account decides, and this is root's.
        expect(await session.value(SET_BY_THEM)).toBe('77 77')
        await session.close()
        const { manifest } = await openSnapshot(await place.access(), 'latest', silentProgress())
        return manifest.probes.length
      })
      expect(count).toBe(2)
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const { outcome } = await place.restore(server)
        const probes = outcome?.checks.find(({ name }) => name === 'probes')
        const session = await engine.connect(server.administrator)
        expect(await session.value(SET_BY_THEM)).not.toContain('77')
        await session.close()
        expect(probes).toMatchObject({ outcome: 'unchecked' })
        expect(probes?.summary).toMatch(
          /^none was asked: mall.order_performance, shop.order_performance would write, or set/,
        )
      })
    })
  },
)

const SET_BY_THEM = "SELECT CONCAT(@@GLOBAL.max_connect_errors, ' ', @@GLOBAL.net_retry_count)"

const SETTING = [
  ...['shop', 'mall'].flatMap(name => [
    `CREATE DATABASE ${name}`,
    `CREATE TABLE ${name}.order_items (order_item_id INT PRIMARY KEY, created_at DATETIME)`,
    `INSERT INTO ${name}.order_items VALUES (1, '2012-03-19 09:00:00')`,
  ]),
  'CREATE PROCEDURE shop.order_performance(f DATE, t DATE) SQL SECURITY INVOKER BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; SET GLOBAL max_connect_errors = 77; SELECT 1; END',
  // Nothing in its text says which, nor that it does, to who takes the backslash for an escape.
  "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'",
  "CREATE PROCEDURE mall.order_performance(f DATE, t DATE) SQL SECURITY INVOKER BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; SET @a = '\\'; SET @b = CONCAT('SET GLO', 'BAL net_retry_count = 77'); PREPARE s FROM @b; EXECUTE s; /* ' */ SELECT 1; END",
]

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
