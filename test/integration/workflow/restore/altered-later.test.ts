import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isGone } from '#engine/server-error'
import { showCreateTable } from '#engine/shared/logical/show-create-table'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

const ALTERED = [
  'CREATE TABLE t (a INT, b INT, v VARCHAR(20), UNIQUE KEY i1 (b), UNIQUE KEY i2 (a), KEY k (v))',
  'INSERT INTO t VALUES (1, 2, NULL), (3, NULL, NULL)',
  'ALTER TABLE t MODIFY a INT NOT NULL',
  'CREATE TABLE d (a INT PRIMARY KEY, b VARCHAR(10), c TIMESTAMP NULL, e TEXT, f POINT, g INT AS (a + 1))',
  'ALTER TABLE d ALTER COLUMN b DROP DEFAULT, ALTER COLUMN c DROP DEFAULT',
  "INSERT INTO d (a, b, c) VALUES (1, NULL, NULL), (2, 'x', NULL)",
  'CREATE TABLE kept AS SELECT * FROM information_schema.PARTITIONS LIMIT 1',
]
const NO_LONGER_VERSIONED = [
  'CREATE TABLE s (a INT, b INT WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING',
  'ALTER TABLE s DROP SYSTEM VERSIONING',
]

test.each(TEST_ENGINES)(
  '%s: tables come back whose ALTERs left what no definition makes again',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('USE shop')
        const statements = family === 'mariadb' ? [...ALTERED, ...NO_LONGER_VERSIONED] : ALTERED
        for (const sql of statements) await session.run(sql)
        await session.close()
        await place.report(server)
      })
      await withServer(family, join(folder, 'target'), async server => {
        const checks = (await place.restore(server)).outcome?.checks ?? []
        expect(checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
        // MySQL orders them anew with each ALTER.
        const told = checks.filter(({ name }) => name === 'keys' || name === 'defaults')
        expect(told.map(({ name }) => name)).toEqual(
          family === 'mariadb' ? ['keys', 'defaults'] : [],
        )
      })
    })
  },
)

test.each(TEST_ENGINES)('%s: a table that the server cannot open is named', async family => {
  await withBackups(family, async ({ folder, place }) => {
    await withServer(family, join(folder, 'source'), async (server, engine) => {
      const session = await engine.connect(server.administrator)
      await session.run('CREATE DATABASE shop')
      await session.run('CREATE TABLE shop.a (id INT) ENGINE=MyISAM')
      await session.run('CREATE TABLE shop.all_of_them (id INT) ENGINE=MERGE UNION=(shop.a)')
      await session.run('DROP TABLE shop.a')
      // By this the catalog is looked at anew where a table was dropped meanwhile.
      await expect(showCreateTable(session, 'shop', 'a')).rejects.toSatisfy(isGone)
      await session.close()
      await expect(place.report(server)).rejects.toMatchObject({
        what: 'the server cannot open table `shop`.`all_of_them`',
        hints: [expect.stringContaining('CHECK TABLE'), expect.stringContaining('--databases')],
      })
    })
  })
})
