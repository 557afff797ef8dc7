import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EngineFamily } from '#domain/engine-family'
import type { RunningServer } from '#engine/scratch-server'
import type { SqlRow } from '#engine/session'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

/** Global settings of the source that change what the statements below do. */
const SETTINGS: Readonly<Record<EngineFamily, readonly string[]>> = {
  mariadb: [
    "alter_algorithm = 'COPY'",
    ...["default_tmp_storage_engine = 'MyISAM'", 'innodb_compression_default = ON'],
    ...['aria_page_checksum = OFF', 'old_passwords = 1', 'mysql56_temporal_format = OFF'],
  ],
  mysql: ['windowing_use_high_precision = OFF', 'partial_revokes = ON', 'old_alter_table = ON'],
}

const DONE: Readonly<Record<EngineFamily, readonly string[]>> = {
  mariadb: [
    // What is in it stays when all else is rolled back.
    'CREATE TEMPORARY TABLE kept (i INT)',
    ...['BEGIN', 'INSERT INTO kept VALUES (1)', 'INSERT INTO t (i) VALUES (99)', 'ROLLBACK'],
    'INSERT INTO t (i) SELECT i FROM kept',
    ...['CREATE TABLE packed (i INT) ENGINE = InnoDB', 'CREATE TABLE quick (i INT) ENGINE = Aria'],
    'CREATE TABLE old_times (a DATETIME)',
    "CREATE TABLE hashes AS SELECT PASSWORD('x') AS hash",
    // Of these the log has the rows first, and then a transaction without any.
    'CREATE TABLE no_undo (i INT) ENGINE = MyISAM',
    ...[
      "XA START 'kz', 'j'",
      'INSERT INTO no_undo VALUES (1)',
      "XA END 'kz', 'j'",
      "XA PREPARE 'kz', 'j'",
    ],
    "XA COMMIT 'kz', 'j'",
    // No session had made a temporary one of that name before.
    ...['CREATE SEQUENCE numbers', 'CREATE OR REPLACE SEQUENCE numbers'],
  ],
  mysql: [
    'INSERT INTO t (d) SELECT SUM(d) OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM sums',
    'CREATE USER limited@localhost',
    'GRANT SELECT ON *.* TO limited@localhost',
    'REVOKE SELECT ON shop.* FROM limited@localhost',
  ],
}

const ON_BOTH = [
  'CREATE TABLE small_rows (i INT) ENGINE = InnoDB',
  'INSERT INTO levels VALUES (3)',
  "INSERT INTO t (i) SELECT ROW_NUMBER() OVER (ORDER BY CONCAT('same beginning ', i)) * 10 + i FROM sums",
  'CREATE TABLE counted (i INT) ENGINE = MEMORY',
  // What is stored anew is as sql_mode has it.
  ...["SET sql_mode = 'NO_ZERO_IN_DATE'", 'ALTER TABLE days ADD COLUMN i INT'],
  // Rows, in a transaction that is marked as of its session.
  ...["SET binlog_format = 'ROW'", 'INSERT INTO t (i) VALUES (CONNECTION_ID())'],
  "SET binlog_format = 'MIXED'",
  ...['SET @third = 1e0 / 3', 'INSERT INTO t (d) VALUES (@third), (-@third)'],
]

const STATE = [
  "SELECT CONCAT_WS(' ', i, CAST(d AS CHAR)) AS one FROM shop.t ORDER BY 1",
  'SELECT i FROM shop.reached ORDER BY i',
  'SELECT CAST(d AS CHAR) AS d FROM shop.days',
  `SELECT TABLE_NAME AS name, ENGINE AS engine, ROW_FORMAT AS format, CREATE_OPTIONS AS options
     FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = 'shop' AND TABLE_NAME IN ('packed', 'small_rows', 'counted') ORDER BY 1`,
  "SELECT EVENT_NAME AS name, DEFINER AS definer FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'shop'",
  "SELECT User AS name FROM mysql.user WHERE User IN ('app', 'gone', 'helper', 'root', 'limited') ORDER BY 1",
  'SHOW GRANTS FOR app@localhost',
]
const STATE_OWN: Readonly<Record<EngineFamily, readonly string[]>> = {
  mariadb: [
    ...['SHOW CREATE TABLE shop.quick', 'SHOW CREATE TABLE shop.old_times'],
    ...['SELECT hash FROM shop.hashes', 'SELECT i FROM shop.no_undo'],
  ],
  mysql: ['SHOW GRANTS FOR limited@localhost'],
}

describe.each(SLOW_TEST_ENGINES)('%s: what a log means elsewhere', family => {
  let folder: string
  let shop: LoggedShop
  let moment: readonly string[]

  beforeAll(async () => {
    folder = await makeFolder()
    shop = await LoggedShop.make(family, folder, ['--binlog-format=MIXED'])
    if (family === 'mysql') await shop.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
    await shop.run(
      ...['CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT, d DOUBLE)'],
      ...[
        'CREATE TABLE shop.sums (i INT PRIMARY KEY, d DOUBLE)',
        'CREATE TABLE shop.levels (i INT)',
      ],
      ...[
        'INSERT INTO shop.sums VALUES (1, 1e16), (2, 1), (3, -1e16)',
        'CREATE TABLE shop.reached (i INT)',
      ],
      ...["SET sql_mode = ''", 'CREATE TABLE shop.days (d DATE) ENGINE = InnoDB'],
      "INSERT INTO shop.days VALUES ('2024-00-01')",
      'CREATE PROCEDURE shop.down(n INT) BEGIN INSERT INTO shop.reached VALUES (n); IF n > 0 THEN CALL shop.down(n - 1); END IF; END',
      'CREATE TRIGGER shop.reach AFTER INSERT ON shop.levels FOR EACH ROW CALL shop.down(NEW.i)',
      'CREATE EVENT shop.nightly ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1',
      ...['CREATE USER app@localhost', 'GRANT ALL ON *.* TO app@localhost WITH GRANT OPTION'],
      ...['CREATE USER gone@localhost', 'GRANT CREATE USER ON *.* TO gone@localhost'],
      ...SETTINGS[family].map(setting => `SET GLOBAL ${setting}`),
      ...['max_sp_recursion_depth = 9', 'max_sort_length = 8', 'max_heap_table_size = 1048576'].map(
        setting => `SET GLOBAL ${setting}`,
      ),
      "SET GLOBAL innodb_default_row_format = 'compact'",
    )
    for (const method of ['logical', 'physical']) {
      const backup = await shop.ecomdb(['backup', method, '--quiet'])
      expect(backup.status, backup.stderr).toBe(0)
    }
    await as('app', 'SET max_sp_recursion_depth = 9', ...own(), ...ON_BOTH, ...DONE[family])
    await as(
      'app',
      'GRANT SELECT ON shop.t TO CURRENT_USER()',
      "ALTER EVENT shop.nightly COMMENT 'moved'",
      ...(family === 'mysql' ? ['REVOKE CREATE ROLE ON *.* FROM CURRENT_USER()'] : []),
    )
    await shop.run('CREATE ROLE helper', 'GRANT helper TO app@localhost')
    await as('gone', 'DROP USER CURRENT_USER()')
    moment = ['--gtid', await shop.archivedGtids()]
  })

  afterAll(async () => {
    await shop?.stop()
    await shop?.engine.scratchServers.remove(join(folder, 'target'))
    await rm(folder, { recursive: true, force: true })
  })

  /** Ours begins with settings that are not the server's. */
  const own = (): string[] => [
    'USE shop',
    'SET max_sort_length = @@GLOBAL.max_sort_length, max_heap_table_size = @@GLOBAL.max_heap_table_size',
    ...(family === 'mariadb' ? ['SET old_passwords = @@GLOBAL.old_passwords'] : []),
  ]

  async function as(user: string, ...statements: string[]): Promise<void> {
    const session = await shop.engine.connect({ ...shop.source.administrator, user })
    try {
      for (const statement of statements) await session.run(statement)
    } finally {
      await session.close()
    }
  }

  async function state(server = shop.source): Promise<SqlRow[][]> {
    const found: SqlRow[][] = []
    for (const sql of [...STATE, ...STATE_OWN[family]]) found.push(await shop.rows(sql, server))
    return found
  }

  test('as rows: who gave statements, numbers in full, and settings of the source', async () => {
    const target: RunningServer = await startLogged(shop.engine, join(folder, 'target'))
    const settings =
      'SELECT CONCAT_WS(" ", @@GLOBAL.innodb_default_row_format, @@GLOBAL.max_sort_length)'
    const before = await shop.value(settings, target)
    const done = await shop.ecomdb(['restore', ...moment, '--confirm', 'shop'], target)
    // MySQL: as an account has such a restriction now.
    const stays = 'partial_revokes stays ON here, which was OFF'
    expect([done.status, done.stdout], done.stderr).toEqual([
      family === 'mysql' ? 3 : 0,
      family === 'mysql'
        ? expect.stringContaining(`FINDING: ${stays}`)
        : expect.not.stringContaining('FINDING'),
    ])
    expect(done.stdout).not.toMatch(/FINDING: (?!partial_revokes stays)/)
    expect(await state(target)).toEqual(await state())
    expect(await shop.value(settings, target)).toBe(before)
    // Of a table in memory, until the server is started again.
    const most =
      "SELECT MAX_DATA_LENGTH FROM information_schema.TABLES WHERE TABLE_NAME = 'counted'"
    expect(await shop.value(most, target)).toBe(await shop.value(most))
  })

  test('as files', async () => {
    const data = join(folder, 'files')
    const done = await shop.ecomdb(['restore', ...moment, '--data-dir', data])
    expect([done.status, done.stdout], done.stderr).toEqual([
      0,
      expect.not.stringMatching('FINDING'),
    ])
    await shop.onFiles(data, async server => {
      expect(await state(server)).toEqual(await state())
    })
  })
})
