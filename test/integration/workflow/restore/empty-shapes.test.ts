import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

/** MariaDB gives the rows that are there a shape of no bytes, which it takes from nobody. */
const ADDED = 'ALTER TABLE shop.t ADD g POINT NOT NULL'

const HASHES =
  'SELECT id, HEX(p) AS p, HEX(b) AS b, HEX(n) AS n, HEX(g) AS g FROM shop.t ORDER BY id'

test.each(TEST_ENGINES)('%s: shapes come back, also those of no bytes', async family => {
  await withBackups(family, async ({ folder, place }) => {
    const before = await withServer(family, join(folder, 'source'), async (server, engine) => {
      const session = await engine.connect(server.administrator)
      await session.run('CREATE DATABASE shop')
      await session.run(
        'CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY, p POINT NOT NULL, b GEOMETRY NOT NULL, n POLYGON)',
      )
      await session.run(
        "INSERT INTO shop.t VALUES (1, POINT(1, 2), ST_GeomFromText('LINESTRING(0 0,1 9)', 4326), NULL)",
      )
      await session.run(family === 'mariadb' ? ADDED : ADDED.replace('NOT NULL', ''))
      await session.run(
        "INSERT INTO shop.t VALUES (2, POINT(0, 39), POINT(9, 0), ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))'), POINT(5, 6))",
      )
      await place.report(server)
      const rows = await session.rows(HASHES)
      await session.close()
      return rows
    })
    expect(before).toMatchObject([{ n: null, g: family === 'mariadb' ? '' : null }, {}])
    await withServer(family, join(folder, 'target'), async (server, engine) => {
      const { outcome } = await place.restore(server)
      expect(outcome?.checks.filter(check => check.outcome === 'failed')).toEqual([])
      const session = await engine.connect(server.administrator)
      expect(await session.rows(HASHES)).toEqual(before)
      await session.close()
    })
  })
})
