import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { silentProgress } from '#core/progress'
import { Secret } from '#core/secret'
import type { EngineFamily } from '#domain/engine-family'
import type { RunningServer } from '#engine/scratch-server'
import type { Session } from '#engine/session'
import { BackupPlace, withServer } from '#test/backed-up'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { expectSameAsBefore } from '#test/same-as-before'
import { withFolder } from '#test/temporary'
import { withBackups } from '#test/with-backups'
import { drillSnapshot } from '#workflow/restore/drill-snapshot'

/** Each session of the server begins with these, and nothing tells so. */
const GLOBALS: Readonly<Record<EngineFamily, readonly string[]>> = {
  mysql: ['max_execution_time = 1', 'transaction_read_only = ON'],
  mariadb: [
    "system_versioning_asof = '2000-01-01'",
    'max_statement_time = 0.001',
    'tx_read_only = ON',
    'idle_transaction_timeout = 1',
    'idle_readonly_transaction_timeout = 1',
  ],
}

async function limit(session: Session, family: EngineFamily): Promise<void> {
  const settings = [
    ...['sql_select_limit = 3', 'max_join_size = 1', 'sql_safe_updates = 1', 'autocommit = 0'],
    ...["completion_type = 'CHAIN'", 'foreign_key_checks = 0', 'wait_timeout = 1'],
    ...GLOBALS[family],
  ]
  for (const setting of settings) await session.run(`SET GLOBAL ${setting}`)
}

test.each(SLOW_TEST_ENGINES)(
  '%s: what a server sets for every session cuts no backup, and no restore',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const versioned = family === 'mariadb' ? ' WITH SYSTEM VERSIONING' : ''
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const name of ['a', 'b', 'c', 'd', 'shop']) {
          await session.run(`CREATE DATABASE ${name}`)
          await session.run(`CREATE TABLE ${name}.t (id INT PRIMARY KEY, n INT)${versioned}`)
          await session.run(`CREATE TABLE ${name}.keyless (n INT) ENGINE = MyISAM`)
          for (const table of ['t (id)', 'keyless (n)'])
            await session.run(`INSERT INTO ${name}.${table} VALUES (1), (2), (3), (4), (5)`)
        }
        await limit(session, family)
        await session.close()
        const report = await place.report(server)
        expect(report.databases).toEqual(['a', 'b', 'c', 'd', 'shop'])
        expect(report.rows).toBe(50)
      })
      const drill = await drillSnapshot(place.drillOptions(), silentProgress())
      expect(drill.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await limit(session, family)
        const done = await place.restore(server)
        expect(done.outcome?.checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
        expect(await session.value('SELECT COUNT(*) FROM shop.t')).toBe('5')
        await session.close()
      })
    })
  },
)

test.each(SLOW_TEST_ENGINES)(
  '%s: views are whole where no statement can be prepared',
  async family => {
    await withFolder(async folder => {
      vi.stubEnv('ECOMDB_STATE', join(folder, 'state'))
      const place = await BackupPlace.make(join(folder, 'backup'), family)
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('CREATE TABLE shop.t (id INT PRIMARY KEY)')
        await session.run('INSERT INTO shop.t VALUES (1), (2)')
        await session.run('CREATE VIEW shop.whole AS SELECT id FROM shop.t')
        await session.run('CREATE VIEW shop.of_rows AS SELECT (SELECT id FROM shop.t) AS one')
        await session.run('CREATE TABLE shop.gone (id INT)')
        await session.run('CREATE VIEW shop.broken AS SELECT id FROM shop.gone')
        await session.run('DROP TABLE shop.gone')
        await session.run('SET GLOBAL max_prepared_stmt_count = 0')
        await session.close()
        expect((await place.report(server)).findings).toEqual([
          expect.stringMatching(/^view shop\.broken is invalid here/),
        ])
      })
    })
  },
)

/** A backup's account is no administrator's, so that the server's init_connect is for it. */
const ADMINISTERS = { mysql: 'SUPER, CONNECTION_ADMIN', mariadb: 'SUPER, CONNECTION ADMIN' }

test.each(SLOW_TEST_ENGINES)(
  '%s: names and texts are whole though init_connect sets other names',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const password = new Secret('names-of-Others-1')
      const limited = (server: RunningServer): RunningServer => ({
        ...server,
        administrator: { ...server.administrator, user: 'operator', password },
      })
      const prepare = async (session: Session): Promise<void> => {
        await session.run(`CREATE USER operator IDENTIFIED BY '${password.reveal()}'`)
        await session.run('GRANT ALL ON *.* TO operator WITH GRANT OPTION')
        await session.run(`REVOKE ${ADMINISTERS[family]} ON *.* FROM operator`)
        await session.run(
          "SET GLOBAL init_connect = 'SET NAMES latin1, time_zone = ''+05:00'', sql_mode = ''ANSI'''",
        )
      }
      const definitions = async (session: Session): Promise<unknown> => [
        await session.rows('SHOW CREATE TABLE shop.`größe 名`'),
        await session.rows('SHOW CREATE VIEW shop.`ansicht é`'),
        await session.rows('SELECT HEX(a), n FROM shop.`größe 名`'),
        await session.rows(
          "SELECT ROUTINE_DEFINITION FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'shop'",
        ),
      ]
      let expected: unknown
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run(
          "CREATE TABLE shop.`größe 名` (a VARCHAR(9) PRIMARY KEY COMMENT '🐻 é', n VARCHAR(9) DEFAULT 'ä€' CHECK (n <> '🐻'))",
        )
        await session.run("INSERT INTO shop.`größe 名` VALUES ('🐻', 'é'), ('名', DEFAULT)")
        await session.run(
          "CREATE VIEW shop.`ansicht é` AS SELECT a AS `名`, '🐻' AS b FROM shop.`größe 名`",
        )
        await session.run("CREATE PROCEDURE shop.`p€`() SELECT '🐻 é'")
        await prepare(session)
        expected = await definitions(session)
        await session.close()
        expect((await place.report(limited(server))).findings).toEqual([])
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await prepare(session)
        const { outcome } = await place.restore(limited(server))
        expectSameAsBefore({ outcome })
        expect(await definitions(session)).toEqual(expected)
        await session.close()
      })
    })
  },
)

const PRINTED_OTHERWISE = {
  mysql: ['show_create_table_verbosity = ON'],
  mariadb: ['mysql56_temporal_format = OFF'],
}

test.each(SLOW_TEST_ENGINES)(
  '%s: what a server prints by its own settings, or of its age, is no part of a definition',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      let expected: unknown
      const view = async (session: Session): Promise<unknown> =>
        await session.rows('SHOW CREATE VIEW shop.v')
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        const settings = ['sql_buffer_result = ON', ...PRINTED_OTHERWISE[family]]
        for (const setting of settings) await session.run(`SET GLOBAL ${setting}`)
        await session.run(
          "CREATE TABLE shop.t (id INT PRIMARY KEY, a DATETIME(3) COMMENT 'x /* mariadb-5.3 */', b TIMESTAMP(6) NULL, c TIME(2))",
        )
        await session.run(
          "INSERT INTO shop.t VALUES (1, '2026-11-28 01:02:03.004', '2026-11-28 01:02:03.000005', '-12:34:56.78')",
        )
        await session.run('CREATE VIEW shop.v AS SELECT id FROM shop.t')
        expected = await view(session)
        await session.close()
        expect((await place.report(server)).findings).toEqual([])
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const { outcome } = await place.restore(server)
        expectSameAsBefore({ outcome })
        const session = await engine.connect(server.administrator)
        expect(await view(session)).toEqual(expected)
        await session.close()
      })
    })
  },
)

test.runIf(SLOW_TEST_ENGINES.includes('mysql'))(
  'mysql: generated invisible primary keys come back, also where the server hides them',
  async () => {
    await withBackups('mysql', async ({ folder, place }) => {
      const rows = 'SELECT my_row_id, n FROM shop.t ORDER BY my_row_id'
      let expected: unknown
      await withServer('mysql', join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('CREATE DATABASE shop')
        await session.run('SET SESSION sql_generate_invisible_primary_key = ON')
        await session.run('CREATE TABLE shop.t (n INT)')
        await session.run('INSERT INTO shop.t VALUES (5), (6), (7)')
        await session.run('DELETE FROM shop.t WHERE n = 6')
        await session.run('SET GLOBAL show_gipk_in_create_table_and_information_schema = OFF')
        expected = await session.rows(rows)
        await session.close()
        expect((await place.report(server)).findings).toEqual([])
      })
      await withServer('mysql', join(folder, 'target'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await session.run('SET GLOBAL show_gipk_in_create_table_and_information_schema = OFF')
        const { outcome } = await place.restore(server)
        expectSameAsBefore({ outcome })
        expect(await session.rows(rows)).toEqual(expected)
        await session.close()
      })
    })
  },
)
