import { join } from 'node:path'
import { expect, test } from 'vitest'
import { silentProgress } from '#core/progress'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'
import { drillSnapshot } from '#workflow/restore/drill-snapshot'

test.each(TEST_ENGINES)(
  '%s: a STORED generated column that comes back with another value fails the drill by its name',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('USE shop')
        await session.run(
          `CREATE TABLE same (id INT PRIMARY KEY, a VARBINARY(9), j JSON, d DATETIME(6), f FLOAT,
             s VARCHAR(30) CHARACTER SET latin1 AS (CONCAT(id, 'é) STORED (')) STORED,
             \`b\`\`2\` VARBINARY(9) AS (a) STORED, n DECIMAL(20,12) AS (id / 8) STORED, h FLOAT AS (f * 3) STORED,
             e DATETIME(6) AS (d) STORED, v INT AS (id + 1) VIRTUAL, k VARCHAR(99) AS (JSON_EXTRACT(j, '$.a')) STORED)`,
        )
        await session.run(
          `INSERT INTO same (id, a, j, d, f) VALUES (1, x'00ff', '{"a": 1.50}', '2026-11-28 01:02:03.4', 0.1), (2, NULL, NULL, NULL, NULL)`,
        )
        await session.run('CREATE TABLE keyless (n INT, m INT AS (n * 2) STORED)')
        await session.run('INSERT INTO keyless (n) VALUES (1), (1), (NULL)')
        await session.run('SET div_precision_increment = 10')
        await session.run(
          'CREATE TABLE thirds (id INT PRIMARY KEY, h DECIMAL(20,12) AS (1 / id) STORED)',
        )
        await session.run('INSERT INTO thirds (id) VALUES (3)')
        await session.close()
        expect((await place.report(server)).findings).toEqual([])
      })
      const { outcome, checks } = await drillSnapshot(place.drillOptions(), silentProgress())
      const failed = checks.filter(check => check.outcome === 'failed')
      expect([outcome, failed.length]).toEqual(['failed', 1])
      expect(failed[0]?.differences).toEqual([
        expect.stringMatching(/^shop\.thirds \(h\) answered.*depend on a setting of the session/),
      ])
      expect(failed[0]?.summary).toContain('3 probes')
      expect(failed[0]?.hints).toEqual([expect.stringContaining('the snapshot is not damaged')])
    })
  },
)

test.each(TEST_ENGINES)(
  '%s: a STORED generated column that depends on a setting is computed under the settings of the source',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const named = family === 'mysql'
        const before = await engine.connect(server.administrator)
        await before.run('SET GLOBAL div_precision_increment = 10')
        if (named) await before.run("SET GLOBAL lc_time_names = 'de_DE'")
        await before.close()
        const session = await engine.connect(server.administrator)
        await session.run('SET div_precision_increment = @@global.div_precision_increment')
        await session.run('CREATE DATABASE shop')
        await session.run('USE shop')
        await session.run(
          'CREATE TABLE thirds (a INT PRIMARY KEY, h DECIMAL(20,12) AS (1 / a) STORED)',
        )
        await session.run('INSERT INTO thirds (a) VALUES (3)')
        if (named) {
          await session.run('CREATE TABLE days (d DATE, n VARCHAR(20) AS (DAYNAME(d)) STORED)')
          await session.run("INSERT INTO days (d) VALUES ('2026-11-28')")
        }
        await session.close()
        expect((await place.report(server)).findings).toEqual([])
      })
      const { outcome, checks } = await drillSnapshot(place.drillOptions(), silentProgress())
      expect([outcome, checks.flatMap(({ differences }) => differences)]).toEqual(['passed', []])
    })
  },
)

// MariaDB refuses a STORED column whose value hangs on the session (1901).
test.each(TEST_ENGINES.filter(family => family === 'mysql'))(
  '%s: a STORED generated column that no restore could compute is a finding of the backup',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('USE shop')
        await session.run(
          'CREATE TABLE less (id INT PRIMARY KEY, a INT UNSIGNED NOT NULL, `b)` INT UNSIGNED NOT NULL, n BIGINT AS (a - `b)`) STORED)',
        )
        await session.run('INSERT INTO less (id, a, `b)`) VALUES (1, 2, 1)')
        expect((await place.report(server)).findings).toEqual([])
        // The expression keeps the mode of the session that opened the table.
        await session.run('FLUSH TABLES')
        await session.run("SET sql_mode = 'NO_UNSIGNED_SUBTRACTION'")
        await session.run('INSERT INTO less (id, a, `b)`) VALUES (2, 1, 2)')
        await session.run('FLUSH TABLES')
        await session.close()
        expect((await place.report(server)).findings).toEqual([
          expect.stringMatching(/^probe shop\.less \(n\) has no answer: .*out of range/),
        ])
      })
    })
  },
)
