import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

/** Dates that only a session with ALLOW_INVALID_DATES takes, and texts that others make no date of. */
const TABLES = [
  "SET SESSION sql_mode = 'ALLOW_INVALID_DATES'",
  "CREATE TABLE shop.t (id INT PRIMARY KEY, d DATE DEFAULT '2021-02-31', t DATETIME(3), KEY (d))",
  "INSERT INTO shop.t VALUES (1, '2020-02-31', '2021-04-31 10:00:00.5'), (2, '2020-00-31', NULL), (3, '0000-00-00', '2020-01-01')",
  // What is computed here is of no date, and the rows have such dates themselves.
  'CREATE TABLE shop.beside (id INT PRIMARY KEY, d DATE, twice INT GENERATED ALWAYS AS (id * 2) STORED)',
  "INSERT INTO shop.beside (id, d) VALUES (1, '2020-02-31')",
  "SET SESSION sql_mode = ''",
  `CREATE TABLE shop.computed (id INT PRIMARY KEY, s VARCHAR(20), v VARCHAR(20),
     d DATE GENERATED ALWAYS AS (CAST(s AS DATE)) STORED, w DATE GENERATED ALWAYS AS (CAST(v AS DATE)) VIRTUAL, KEY (w))`,
  "INSERT INTO shop.computed (id, s, v) VALUES (1, '2020-02-31', '2020-02-31'), (2, '2020-02-01', '2020-02-01')",
]

test.each(TEST_ENGINES)('%s: dates that are none come back as they were', async family => {
  await withBackups(family, async ({ folder, place }) => {
    const asked =
      'SELECT d, w, (SELECT COUNT(*) FROM shop.computed WHERE w IS NULL) FROM shop.computed'
    let was: unknown
    await withServer(family, join(folder, 'source'), async (server, engine) => {
      const session = await engine.connect(server.administrator)
      for (const sql of ['CREATE DATABASE shop', ...TABLES]) await session.run(sql)
      was = await session.rows(asked)
      await session.close()
      await place.report(server)
    })
    await withServer(family, join(folder, 'target'), async (server, engine) => {
      for (const localInfile of ['ON', 'OFF']) {
        const session = await engine.connect(server.administrator)
        await session.run(`SET GLOBAL local_infile = ${localInfile}`)
        const { outcome } = await place.restore(server)
        expect(outcome?.checks.filter(check => check.outcome === 'failed')).toEqual([])
        expect(await session.rows(asked)).toEqual(was)
        await session.run('DROP DATABASE shop')
        await session.close()
      }
    })
  })
})
