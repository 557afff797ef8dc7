import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { EngineFamily } from '#domain/engine-family'
import type { RunningServer } from '#engine/scratch-server'
import { runEcomdb } from '#test/cli'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { SMALL_LOG } from '#test/own-server'
import { makeFolder } from '#test/temporary'

const OTHER_ZONE = /FINDING: statements of the log depend on the system's time zone, which was BER/
const UNDECIDED = /FINDING: 1 XA transaction prepared at the moment/

/** Settings that statements read, and no event of a log has. */
const SOURCE_ONLY = [
  'default_storage_engine = MyISAM',
  'div_precision_increment = 10',
  'default_week_format = 3',
  'group_concat_max_len = 8',
]

/** The same, where a server has none of the other engine's; each changes what COUNTED gives. */
const SOURCE_ONLY_OWN: Readonly<Record<EngineFamily, readonly string[]>> = {
  mariadb: ["default_regex_flags = 'DOTALL'", 'max_recursive_iterations = 1500'],
  mysql: ['cte_max_recursion_depth = 1500'],
}
const COUNTED = [
  'CREATE TABLE shop.counted (i INT, dot INT)',
  "INSERT INTO shop.counted WITH RECURSIVE r (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 1500) SELECT COUNT(*), 'a\\nb' REGEXP 'a.b' FROM r",
]

/** What a server takes by default neither as it is meant nor at all. */
const DEFINED: Readonly<Record<EngineFamily, readonly string[]>> = {
  mariadb: [
    'CREATE TABLE shop.utf8 (t VARCHAR(9) CHARACTER SET utf8)',
    'CREATE TABLE shop.versioned (i INT) WITH SYSTEM VERSIONING',
    "SET system_versioning_alter_history = 'KEEP'",
    'ALTER TABLE shop.versioned ADD COLUMN j INT',
  ],
  mysql: [
    'SET restrict_fk_on_non_standard_key = OFF',
    'CREATE TABLE shop.parent (i INT, KEY (i)) ENGINE = InnoDB',
    'CREATE TABLE shop.child (i INT, FOREIGN KEY (i) REFERENCES shop.parent (i)) ENGINE = InnoDB',
  ],
}

const GTIDS: Readonly<Record<EngineFamily, readonly string[]>> = {
  mariadb: [],
  mysql: ['--gtid-mode=ON', '--enforce-gtid-consistency=ON'],
}

const TEMPORARY = /FINDING: .*temporary tables that their sessions had made before/
const COLUMNS = `SELECT TABLE_NAME AS place, COLUMN_NAME AS name, COLUMN_TYPE AS type, CHARACTER_SET_NAME AS letters
  FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'shop' ORDER BY 1, 2`

describe.each(SLOW_TEST_ENGINES)('%s: what a replay leaves to look at', family => {
  let folder: string
  let shop: LoggedShop
  let target: RunningServer
  let all: string
  let early: string

  beforeAll(async () => {
    folder = await makeFolder()
    vi.stubEnv('TZ', 'BER-2')
    shop = await LoggedShop.make(family, folder, ['--binlog-format=MIXED', '--secure-file-priv='])
    vi.unstubAllEnvs()
    await shop.run(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.t (id INT PRIMARY KEY, d DATETIME, ts TIMESTAMP NULL)',
      'CREATE TABLE shop.words (word VARCHAR(9))',
      "INSERT INTO shop.words VALUES ('many'), ('words')",
    )
    if (family === 'mysql') await shop.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
    const sourceOnly = [...SOURCE_ONLY, ...SOURCE_ONLY_OWN[family]]
    await shop.run(...sourceOnly.map(setting => `SET GLOBAL ${setting}`))
    await shop.run('SET GLOBAL log_bin_trust_function_creators = ON')
    if (family === 'mariadb') await shop.run("SET GLOBAL old_mode = ''")
    for (const method of ['logical', 'physical']) {
      const backup = await shop.ecomdb(['backup', method])
      expect(backup.status, backup.stderr).toBe(0)
    }
    const loaded = join(folder, 'loaded.tsv')
    await writeFile(loaded, '1\n2\n')
    await shop.run(
      'CREATE TABLE shop.loaded (i INT)',
      'SET binlog_format = STATEMENT',
      `LOAD DATA INFILE '${loaded}' INTO TABLE shop.loaded`,
      ...COUNTED,
      'CREATE FUNCTION shop.many() RETURNS INT RETURN (SELECT COUNT(*) FROM shop.t)',
    )
    await shop.run(
      ...SOURCE_ONLY.map(setting => `SET SESSION ${setting}`),
      'CREATE TABLE shop.own (third DECIMAL(20,12), week INT)',
      "INSERT INTO shop.own SELECT 1 / 3, WEEK('2024-12-30')",
      'SET SESSION default_storage_engine = InnoDB',
      "SET SESSION sql_mode = ''",
      'CREATE TABLE shop.cut SELECT GROUP_CONCAT(word) AS t FROM shop.words',
      'SET SESSION innodb_strict_mode = 0',
      'CREATE TABLE shop.lax (i INT) ROW_FORMAT = COMPRESSED KEY_BLOCK_SIZE = 9',
      ...DEFINED[family],
    )
    // An interface of programs has +00:00; who has nothing has the system's.
    await shop.run("INSERT INTO shop.t VALUES (1, NOW(), '2026-06-01 12:00:00')")
    early = await gtids()
    await shop.run(
      "SET time_zone = 'SYSTEM'",
      "INSERT INTO shop.t VALUES (2, NOW(), '2026-06-01 12:00:00')",
    )
    await shop.run(
      "XA START 'order-7'",
      'INSERT INTO shop.t VALUES (3, NULL, NULL)',
      "XA END 'order-7'",
      "XA PREPARE 'order-7'",
    )
    all = await gtids()
    const once = await shop.ecomdb(['backup', 'binlog', '--once'])
    expect(once.status, once.stderr).toBe(0)
    target = await startLogged(shop.engine, join(folder, 'target'), ['--local-infile=0'])
  })

  afterAll(async () => {
    await shop?.stop()
    await shop?.engine.scratchServers.remove(join(folder, 'target'))
    await rm(folder, { recursive: true, force: true })
  })

  async function gtids(): Promise<string> {
    const set = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
    return String(await shop.value(`SELECT ${set}`)).replaceAll('\n', '')
  }

  test('statements that ask for a zone which is another one here, and a transaction in doubt', async () => {
    const without = await shop.ecomdb(['restore', '--gtid', early, '--confirm', 'shop'], target)
    expect(without.status, without.stderr + without.stdout).toBe(0)
    // As statements, LOAD DATA is a LOAD DATA LOCAL when it is replayed.
    expect(await shop.value('SELECT COUNT(*) FROM shop.loaded', target)).toBe('2')
    expect(await shop.value('SELECT @@GLOBAL.local_infile', target)).toBe('0')
    expect(await shop.value('SELECT @@GLOBAL.log_bin_trust_function_creators', target)).toBe('0')
    const counted = await shop.rows('SELECT i, dot FROM shop.counted')
    expect(await shop.rows('SELECT i, dot FROM shop.counted', target)).toEqual(counted)
    const OWN =
      "SELECT CONCAT_WS(' ', third, week, (SELECT ENGINE FROM information_schema.TABLES WHERE TABLE_NAME = 'own')) FROM shop.own"
    const was = await shop.value(OWN)
    expect(was).toMatch(/^0\.3333333333\d+ 1 MyISAM$/)
    expect(await shop.value(OWN, target)).toBe(was)
    const CUT = 'SELECT t FROM shop.cut'
    expect(await shop.value(CUT)).toHaveLength(8)
    expect(await shop.value(CUT, target)).toBe(await shop.value(CUT))
    const columns = (server = shop.source) => shop.rows(COLUMNS, server)
    expect(await columns(target)).toEqual(await columns())
    await shop.rows('DROP DATABASE shop', target)
    const ended = await shop.ecomdb(['restore', '--gtid', all, '--confirm', 'shop'], target)
    expect(ended.status, ended.stderr).toBe(3)
    expect(ended.stdout).toMatch(OTHER_ZONE)
    expect(ended.stdout).toMatch(UNDECIDED)
    await shop.rows("XA COMMIT 'order-7'", target)
    expect(await shop.value('SELECT COUNT(*) FROM shop.t', target)).toBe('3')
  })

  test('so of data files; where the zone is the same nothing is said of it', async () => {
    const args = ['restore', '--gtid', all, '--data-dir']
    const ended = await shop.ecomdb([...args, join(folder, 'files')])
    expect(ended.status, ended.stderr).toBe(3)
    expect(ended.stdout).toMatch(OTHER_ZONE)
    expect(ended.stdout).toMatch(UNDECIDED)
    const config = ['--config', join(folder, 'ecomdb.yaml')]
    const inZone = (zone: string, place: string) =>
      runEcomdb([...args, join(folder, place), ...config], {
        env: { ...shop.environment(), TZ: zone },
      })
    const same = await inZone('BER-2', 'same')
    expect(same.status, same.stderr).toBe(3)
    expect(same.stdout).not.toMatch(OTHER_ZONE)
    expect(same.stdout).toMatch(UNDECIDED)
    // As CST is China's and Chicago's.
    const named = await inZone('BER-5', 'named')
    expect(named.stdout).toContain('was BER (UTC+2) on the source and is BER (UTC+5) here')
    // Of files that were copied after it had been prepared nothing is replayed. (CLONE takes no MyISAM.)
    const placed = ['counted', 'loaded', 'own'].map(
      name => `ALTER TABLE shop.${name} ENGINE = InnoDB`,
    )
    await shop.run('SET sql_log_bin = 0', ...placed)
    const backup = await shop.ecomdb(['backup', 'physical', '--quiet'])
    expect(backup.status, backup.stderr).toBe(3)
    expect(`${backup.stdout}${backup.stderr}`).toMatch(/\d XA transactions? prepared, and neither/)
    const newest = await shop.ecomdb([...args, join(folder, 'newest')])
    expect(newest.stdout).toMatch(/replay +ok +0 transactions/)
    expect([newest.status, newest.stdout]).toEqual([3, expect.stringMatching(UNDECIDED)])
  })
})

// MySQL logs what comes from a temporary table as rows, except in a session of STATEMENT, which GTIDs refuse.
test.runIf(SLOW_TEST_ENGINES.includes('mariadb'))(
  'mariadb: temporary tables of before',
  async () => {
    const folder = await makeFolder()
    const shop = await LoggedShop.make('mariadb', folder, ['--binlog-format=MIXED'])
    const target = await startLogged(shop.engine, join(folder, 'target'))
    const session = await shop.engine.connect(shop.source.administrator)
    const restored = async (...more: string[]) => {
      const gtid = String(await shop.value('SELECT @@gtid_binlog_pos'))
      const args = ['restore', ...more, '--gtid', gtid, '--confirm', 'shop']
      const done = await shop.ecomdb(args, target)
      await shop.rows('DROP DATABASE shop', target)
      return done
    }
    try {
      await shop.run(
        'CREATE DATABASE shop',
        'CREATE TABLE shop.t (i INT)',
        'CREATE TABLE shop.s (i INT)',
      )
      const first = await shop.ecomdb(['backup', 'logical', '--quiet'])
      await session.run('CREATE TEMPORARY TABLE shop.t (i INT)')
      await session.run('INSERT INTO shop.t VALUES (1)')
      await shop.ecomdb(['backup', 'logical', '--quiet'])
      await session.run('INSERT INTO shop.s SELECT * FROM shop.t')
      await shop.run('INSERT INTO shop.t VALUES (CONNECTION_ID())')
      await shop.ecomdb(['backup', 'binlog', '--once'])
      const late = await restored()
      expect([late.status, late.stdout]).toEqual([3, expect.stringMatching(TEMPORARY)])
      const early = await restored(/[0-9a-f-]{36}/.exec(first.stdout)?.[0] ?? '')
      expect([early.status, early.stdout]).toEqual([0, expect.not.stringMatching(TEMPORARY)])
    } finally {
      await session.close()
      await shop.engine.scratchServers.remove(target.folder)
      await shop.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
)

test.each(SLOW_TEST_ENGINES)('%s: statements that failed half done', async family => {
  const folder = await makeFolder()
  const shop = await LoggedShop.make(family, folder, ['--binlog-format=MIXED'])
  const target = await startLogged(shop.engine, join(folder, 'target'))
  const gtids = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
  const restored = async () => {
    await shop.ecomdb(['backup', 'binlog', '--once'])
    const all = String(await shop.value(`SELECT ${gtids}`)).replaceAll('\n', '')
    return await shop.ecomdb(['restore', '--gtid', all, '--confirm', 'shop'], target)
  }
  const state = (server = shop.source) =>
    shop.rows(
      "SELECT CAST(i AS CHAR) AS one FROM shop.m UNION ALL SELECT user FROM mysql.user WHERE user IN ('ann', 'ben') ORDER BY 1",
      server,
    )
  const refused = async (statement: string): Promise<void> => {
    await expect(shop.run(statement)).rejects.toThrow('the server refused')
  }
  try {
    await shop.run(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.m (i INT PRIMARY KEY) ENGINE = MyISAM',
    )
    await shop.run('CREATE USER ann@localhost', 'CREATE USER ben@localhost')
    await shop.ecomdb(['backup', 'logical', '--quiet'])
    await refused('INSERT INTO shop.m VALUES (1), (2), (1)')
    await refused('DROP USER ann@localhost, nobody@localhost')
    await shop.run('INSERT INTO shop.m VALUES (3), (4), (5), (6), (7), (8)')
    const done = await restored()
    expect(done.status, done.stderr).toBe(0)
    expect(await state(target)).toEqual(await state())
    await shop.rows('DROP DATABASE shop', target)
    await shop.rows('DROP USER IF EXISTS ann@localhost, ben@localhost', target)

    const session = await shop.engine.connect(shop.source.administrator)
    const id = await session.value('SELECT CONNECTION_ID()')
    await session.run("SET binlog_format = 'STATEMENT'")
    const slow = expect(
      session.run('UPDATE shop.m SET i = i + 10 + SLEEP(0.3) * 0'),
    ).rejects.toThrow('interrupted')
    // Some rows of six.
    await shop.run('DO SLEEP(1)')
    await shop.run(`KILL QUERY ${id}`)
    await slow
    await session.close()
    const killed = await restored()
    expect(killed.stdout + killed.stderr).toMatch(/FINDING: 1 statement of the log ended .*1317/)
    expect(killed.status).toBe(3)
  } finally {
    await shop.engine.scratchServers.remove(target.folder)
    await shop.stop()
    await rm(folder, { recursive: true, force: true })
  }
})

test.runIf(SLOW_TEST_ENGINES.includes('mariadb'))(
  'mariadb: rows are applied as they are, whatever the server does as a replica',
  async () => {
    const folder = await makeFolder()
    const shop = await LoggedShop.make('mariadb', folder, ['--binlog-format=ROW'])
    const lenient = ['--slave-run-triggers-for-rbr=ENFORCE', '--slave-exec-mode=IDEMPOTENT']
    const target = await startLogged(shop.engine, join(folder, 'target'), lenient)
    const restored = async () => {
      await shop.ecomdb(['backup', 'binlog', '--once'])
      const all = String(await shop.value('SELECT @@gtid_binlog_pos'))
      return await shop.ecomdb(['restore', '--gtid', all, '--confirm', 'shop'], target)
    }
    try {
      await shop.run(
        'CREATE DATABASE shop',
        'CREATE TABLE shop.t (i INT PRIMARY KEY, s VARCHAR(9))',
        "CREATE TRIGGER shop.more BEFORE INSERT ON shop.t FOR EACH ROW SET NEW.s = CONCAT(NEW.s, '!')",
      )
      await shop.ecomdb(['backup', 'logical', '--quiet'])
      await shop.run("INSERT INTO shop.t VALUES (1, 'a')")
      const done = await restored()
      expect(done.status, done.stderr).toBe(0)
      expect(await shop.rows('SELECT s FROM shop.t', target)).toEqual([{ s: 'a!' }])
      const own =
        'SELECT CONCAT_WS(" ", @@GLOBAL.slave_run_triggers_for_rbr, @@GLOBAL.slave_exec_mode)'
      expect(await shop.value(own, target)).toBe('ENFORCE IDEMPOTENT')
      await shop.rows('DROP DATABASE shop', target)
      // What is in no log is missing, and what changes it finds nothing.
      await shop.run('SET sql_log_bin = 0', "INSERT INTO shop.t VALUES (2, 'b')")
      await shop.run("UPDATE shop.t SET s = 'c' WHERE i = 2")
      const missing = await restored()
      expect(missing.status, missing.stdout).toBe(30)
      expect(missing.stderr).toContain('ERROR 1032')
    } finally {
      await shop.engine.scratchServers.remove(target.folder)
      await shop.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
)

test.each(SLOW_TEST_ENGINES)('%s: names that are folded there and not here', async family => {
  const folder = await makeFolder()
  const shop = await LoggedShop.make(family, folder)
  const other = shop.source
  const gtids = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
  const startFolded = async (name: string) =>
    await shop.engine.scratchServers.start({
      ...{ folder: join(folder, name), tcp: false, purpose: 'drill', lowerCaseNames: true },
      serverOptions: ['--log-bin=binlog', ...SMALL_LOG[family], ...GTIDS[family]],
    })
  try {
    shop.source = await startFolded('folded')
    await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.Old (i INT)')
    await shop.ecomdb(['backup', 'logical', '--quiet'])
    await shop.run('DROP TABLE IF EXISTS shop.Old', 'CREATE TABLE shop.New (i INT)')
    await shop.ecomdb(['backup', 'binlog', '--once'])
    const all = String(await shop.value(`SELECT ${gtids}`)).replaceAll('\n', '')
    const args = ['restore', '--gtid', all, '--confirm', 'shop']
    const refused = await shop.ecomdb(args, other)
    expect(refused.status, refused.stdout).toBe(78)
    expect(refused.stderr).toContain('lower_case_table_names was 1 on the source and is 0 here')
    expect(await shop.rows("SHOW DATABASES LIKE 'shop'", other)).toEqual([])
    const target = await startFolded('target')
    const done = await shop.ecomdb(args, target)
    expect(done.status, done.stderr).toBe(0)
    const tables =
      "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop'"
    expect(await shop.rows(tables, target)).toEqual([{ name: 'new' }])
  } finally {
    for (const name of ['source', 'folded', 'target']) {
      await shop.engine.scratchServers.remove(join(folder, name))
    }
    await rm(folder, { recursive: true, force: true })
  }
})

test.each(SLOW_TEST_ENGINES)('%s: whose sessions are killed while it replays', async family => {
  const folder = await makeFolder()
  const shop = await LoggedShop.make(family, folder, ['--binlog-format=MIXED'])
  const target = await startLogged(shop.engine, join(folder, 'target'))
  const changed = 'SELECT @@GLOBAL.log_bin_trust_function_creators'
  try {
    await shop.run('CREATE DATABASE shop', 'CREATE TABLE shop.t (i INT)')
    await shop.ecomdb(['backup', 'logical', '--quiet'])
    await shop.run('SET binlog_format = STATEMENT', 'INSERT INTO shop.t SELECT SLEEP(4)')
    await shop.ecomdb(['backup', 'binlog', '--once'])
    const moment = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
    const all = String(await shop.value(`SELECT ${moment}`)).replaceAll('\n', '')
    const restoring = shop.ecomdb(['restore', '--gtid', all, '--confirm', 'shop'], target)
    const asleep =
      "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(4)%'"
    await vi.waitFor(async () => expect(await shop.value(asleep, target)).toBe('2'), 60_000)
    expect(await shop.value(changed, target)).toBe('1')
    const own = await shop.rows(
      "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = SUBSTRING_INDEX(CURRENT_USER(), '@', 1) AND ID <> CONNECTION_ID()",
      target,
    )
    for (const { id } of own) await shop.rows(`KILL ${String(id)}`, target).catch(() => [])
    const ended = await restoring
    expect(ended.status, ended.stdout).not.toBe(0)
    expect(await shop.value(changed, target)).toBe('0')
  } finally {
    await shop.engine.scratchServers.remove(target.folder)
    await shop.stop()
    await rm(folder, { recursive: true, force: true })
  }
})

test.each(SLOW_TEST_ENGINES)('%s: the number of a session as a default', async family => {
  const folder = await makeFolder()
  const shop = await LoggedShop.make(family, folder)
  const target = await startLogged(shop.engine, join(folder, 'target'))
  try {
    await shop.run(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.of (i INT PRIMARY KEY, c BIGINT DEFAULT (CONNECTION_ID()))',
    )
    await shop.ecomdb(['backup', 'logical', '--quiet'])
    await shop.run(
      "SET binlog_format = 'STATEMENT'",
      'INSERT INTO shop.of (i) VALUES (1)',
      'CREATE TABLE shop.more LIKE shop.of',
      'INSERT INTO shop.more (i) VALUES (2)',
    )
    const archived = await shop.ecomdb(['backup', 'binlog', '--once', '--json'])
    const restored = await shop.ecomdb(
      ['restore', '--gtid', archived.json().result.end.gtids, '--confirm', 'shop'],
      target,
    )
    expect([restored.status, restored.stdout]).toEqual([0, expect.not.stringContaining('FINDING')])
    const rows = 'SELECT i, c > 0 AS made FROM shop.more'
    expect(await shop.rows(rows, target)).toEqual(await shop.rows(rows))
  } finally {
    await shop.engine.scratchServers.remove(target.folder)
    await shop.stop()
    await rm(folder, { recursive: true, force: true })
  }
})
