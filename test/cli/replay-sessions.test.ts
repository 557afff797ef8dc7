import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunningServer } from '#engine/scratch-server'
import type { SqlRow } from '#engine/session'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

const STATE = [
  'SELECT i, j, ts IS NULL AS is_null FROM shop.t ORDER BY i',
  'SELECT i FROM shop.in_memory',
  'SELECT i, ts IS NULL AS is_null FROM shop.made',
  'SELECT i, j, d FROM shop.loaded ORDER BY i',
  'SELECT i, j FROM shop.counted ORDER BY i',
]

const SEQUENCE = 'SELECT next_not_cached_value FROM shop.numbers'

// MariaDB lets a session set within a transaction what MySQL does not.
describe.runIf(SLOW_TEST_ENGINES.includes('mysql'))('mysql: settings of sessions in a log', () => {
  let folder: string
  let shop: LoggedShop
  let moment: string

  beforeAll(async () => {
    folder = await makeFolder()
    // With GTIDs no log of statements has temporary tables that were made within a transaction.
    shop = await LoggedShop.make('mysql', folder, [
      ...['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF', '--binlog-format=MIXED'],
      '--secure-file-priv=',
    ])
    await shop.run(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.t (i INT AUTO_INCREMENT PRIMARY KEY, j INT, ts TIMESTAMP NULL)',
      'CREATE TABLE shop.in_memory (i INT) ENGINE = MEMORY',
      'CREATE TABLE shop.loaded (i INT AUTO_INCREMENT PRIMARY KEY, j BIGINT UNSIGNED, d DOUBLE)',
      'CREATE TABLE shop.plain (j INT)',
      'CREATE TABLE shop.counted (i INT AUTO_INCREMENT PRIMARY KEY, j INT)',
      'CREATE TRIGGER shop.counts AFTER INSERT ON shop.plain FOR EACH ROW INSERT INTO counted (j) VALUES (NEW.j)',
      'CREATE FUNCTION shop.single() RETURNS INT DETERMINISTIC BEGIN DECLARE a TIMESTAMP; RETURN 1; END',
    )
    const backup = await shop.ecomdb(['backup', 'logical', '--quiet'])
    expect(backup.status, backup.stderr).toBe(0)
  })

  afterAll(async () => {
    await shop?.stop()
    await shop?.engine.scratchServers.remove(join(folder, 'target'))
    await rm(folder, { recursive: true, force: true })
  })

  async function state(server = shop.source): Promise<SqlRow[][]> {
    const found: SqlRow[][] = []
    for (const sql of STATE) found.push(await shop.rows(sql, server))
    return found
  }

  test('explicit_defaults_for_timestamp, which no transaction may change; what LOAD DATA is given', async () => {
    await shop.run(
      ...['USE shop', "SET binlog_format = 'STATEMENT'"],
      ...['SET explicit_defaults_for_timestamp = OFF', 'BEGIN'],
      'INSERT INTO t (j) VALUES (1)',
      // NOT NULL, and now by default.
      'CREATE TEMPORARY TABLE of_session (ts TIMESTAMP, i INT)',
      'INSERT INTO of_session (i) VALUES (1)',
      'INSERT INTO t (j, ts) SELECT i, ts FROM of_session',
      'COMMIT',
    )
    await shop.run(
      ...['USE shop', "SET binlog_format = 'ROW'"],
      // A transaction whose COMMIT is a statement that has the setting.
      'INSERT INTO in_memory VALUES (single())',
      "XA START 'a'",
      ...['INSERT INTO t (j) VALUES (2)', "XA END 'a'", "XA PREPARE 'a'", "XA COMMIT 'a'"],
      // One transaction: of a statement that has it, and rows.
      'CREATE TABLE made (ts TIMESTAMP) SELECT 1 AS i',
      "SET binlog_format = 'MIXED'",
      ...['BEGIN', 'INSERT INTO t (j) VALUES (3)', 'INSERT INTO t (j) VALUES (single())'],
      ...['SAVEPOINT s', 'INSERT INTO t (j) VALUES (4)', 'ROLLBACK TO s', 'COMMIT'],
    )
    const file = join(folder, 'loaded.tsv')
    await writeFile(file, '5\n6\n')
    const load = (what: string): string => `LOAD DATA INFILE '${file}' INTO TABLE ${what}`
    await shop.run(
      ...['USE shop', "SET binlog_format = 'STATEMENT', @third = 1e0 / 3, @most = ~0"],
      // The tool prints these numbers before the next statement, or the one behind it.
      ...['SET insert_id = 40', load('loaded (j)'), 'INSERT INTO loaded (j) VALUES (1)'],
      ...['BEGIN', 'SET insert_id = 70', load('plain (j)'), load('loaded (@j) SET j = @most')],
      ...['INSERT INTO loaded (d) VALUES (@third)', 'COMMIT', load('plain (j)')],
      ...[load('loaded (j) SET d = @third'), load('loaded (j) SET d = RAND()')],
      'INSERT INTO counted (j) VALUES (LAST_INSERT_ID())',
    )
    // The log tells seconds, and must be known to go on behind the moment.
    await sleep(1100)
    moment = new Date().toISOString()
    await sleep(1100)
    await shop.run('CREATE DATABASE later')
    const once = await shop.ecomdb(['backup', 'binlog', '--once'])
    expect(once.status, once.stderr).toBe(0)

    const target: RunningServer = await startLogged(shop.engine, join(folder, 'target'))
    const done = await shop.ecomdb(['restore', '--at', moment, '--confirm', 'shop'], target)
    expect(done.status, done.stdout + done.stderr).toBe(0)
    expect(await state(target)).toEqual(await state())
  })
})

describe.runIf(SLOW_TEST_ENGINES.includes('mariadb'))(
  'mariadb: settings of sessions in a log',
  () => {
    let folder: string
    let shop: LoggedShop
    let target: RunningServer

    beforeAll(async () => {
      folder = await makeFolder()
      shop = await LoggedShop.make('mariadb', folder)
      target = await startLogged(shop.engine, join(folder, 'target'))
    })

    afterAll(async () => {
      await shop?.stop()
      await shop?.engine.scratchServers.remove(join(folder, 'target'))
      await rm(folder, { recursive: true, force: true })
    })

    test('binlog_row_image: numbers of sequences, where they are logged anew and where not', async () => {
      await shop.run(
        'CREATE DATABASE shop',
        'CREATE SEQUENCE shop.numbers',
        'DO NEXTVAL(shop.numbers)',
      )
      const backup = await shop.ecomdb(['backup', 'logical', '--quiet'])
      expect(backup.status, backup.stderr).toBe(0)
      await shop.run(
        ...["SET binlog_row_image = 'MINIMAL'", 'DO SETVAL(shop.numbers, 5000)'],
        'DO NEXTVAL(shop.numbers)',
      )
      const gtid = (await shop.value('SELECT @@gtid_binlog_pos')) ?? ''
      const once = await shop.ecomdb(['backup', 'binlog', '--once'])
      expect(once.status, once.stderr).toBe(0)
      const args = ['restore', '--gtid', gtid, '--confirm', 'shop']
      const logged = await shop.ecomdb([...args, '--binlog'], target)
      expect([logged.status, logged.stderr]).toEqual([
        30,
        expect.stringMatching(/4085(?:.|\n)*hint: .* restore without --binlog, with --start-over/),
      ])
      const done = await shop.ecomdb([...args, '--start-over'], target)
      expect(done.status, done.stdout + done.stderr).toBe(0)
      expect(await shop.value(SEQUENCE, target)).toBe(await shop.value(SEQUENCE))
    })

    test('a virtual column that is refused where rows are logged, and not where statements are', async () => {
      const backup = await shop.ecomdb(['backup', 'logical', '--quiet'])
      expect(backup.status, backup.stderr).toBe(0)
      await shop.run(
        "SET binlog_format = 'MIXED', sql_mode = 'TRADITIONAL'",
        'CREATE TABLE shop.weeks (i INT PRIMARY KEY, f FLOAT, w INT AS (WEEK(f)) VIRTUAL)',
        'INSERT INTO shop.weeks (i, f) VALUES (1, 57196)',
        'DROP TABLE shop.weeks',
      )
      const gtid = (await shop.value('SELECT @@gtid_binlog_pos')) ?? ''
      await shop.ecomdb(['backup', 'binlog', '--once'])
      const other = await startLogged(shop.engine, join(folder, 'other'))
      const args = ['restore', '--gtid', gtid, '--confirm', 'shop']
      const logged = await shop.ecomdb([...args, '--binlog'], other)
      expect([logged.status, logged.stderr]).toEqual([
        30,
        expect.stringMatching(/1292(?:.|\n)*hint: for --binlog the server computes the virtual/),
      ])
      const done = await shop.ecomdb([...args, '--start-over'], other)
      expect(done.status, done.stdout + done.stderr).toBe(0)
      await shop.engine.scratchServers.remove(join(folder, 'other'))
    })

    test.each([
      ['MINIMAL', 'INT'],
      ['NOBLOB', 'BLOB'],
    ])(
      'binlog_row_image %s: columns that a REPLACE sets back are not in the log',
      async (image, type) => {
        const table = `shop.replaced_${image}`
        await shop.run(
          `CREATE TABLE ${table} (i INT PRIMARY KEY, j INT, k ${type})`,
          `INSERT INTO ${table} VALUES (1, 1, 7)`,
        )
        const backup = await shop.ecomdb(['backup', 'logical', '--quiet'])
        expect(backup.status, backup.stderr).toBe(0)
        const restored = async (...statements: string[]): Promise<string> => {
          await shop.run(`SET binlog_row_image = '${image}', binlog_format = 'ROW'`, ...statements)
          const gtid = (await shop.value('SELECT @@gtid_binlog_pos')) ?? ''
          await shop.ecomdb(['backup', 'binlog', '--once'])
          const other = await startLogged(shop.engine, join(folder, 'other'))
          const done = await shop.ecomdb(['restore', '--gtid', gtid, '--confirm', 'shop'], other)
          const k = `SELECT k FROM ${table}`
          const isSame = (await shop.value(k, other)) === (await shop.value(k))
          await shop.engine.scratchServers.remove(join(folder, 'other'))
          return `${done.status} ${isSame} ${/FINDING: the log has not every/.exec(done.stdout)?.[0]}`
        }
        expect(
          await restored(`REPLACE INTO ${table} VALUES (1, 2, 8)`, `UPDATE ${table} SET j = 3`),
        ).toBe('0 true undefined')
        expect(await restored(`REPLACE INTO ${table} (i, j) VALUES (1, 4)`)).toBe(
          '3 false FINDING: the log has not every',
        )
        await shop.run(
          `REPLACE INTO ${table} VALUES (1, 5, 9)`,
          `CREATE TABLE ${table}_log (i INT)`,
          `CREATE TRIGGER ${table}_replaces AFTER INSERT ON ${table}_log FOR EACH ROW REPLACE INTO ${table} (i, j) VALUES (NEW.i, 6)`,
        )
        const again = await shop.ecomdb(['backup', 'logical', '--quiet'])
        expect(again.status, again.stderr).toBe(0)
        expect(await restored(`UPDATE ${table} SET j = 3`)).toBe('0 true undefined')
        expect(await restored(`INSERT INTO ${table}_log VALUES (1)`)).toBe(
          '3 false FINDING: the log has not every',
        )
      },
    )
  },
)
