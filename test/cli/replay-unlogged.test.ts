import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EngineFamily } from '#domain/engine-family'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

const ANEW = 'FINDING: statements of the log write what is made anew each time'
const SHORT_WORDS = '--innodb-ft-min-token-size=1'
const SYSDATE = 'FINDING: statements of the log ask for SYSDATE()'

const FOUND = "SELECT i FROM shop.f WHERE MATCH (s) AGAINST ('ab' IN BOOLEAN MODE)"

/** MySQL refuses it. */
const ADDED: Readonly<Record<EngineFamily, readonly string[]>> = {
  mariadb: [
    'CREATE SEQUENCE shop.sq',
    'ALTER TABLE shop.t ADD COLUMN n INT DEFAULT NEXTVAL(shop.sq)',
  ],
  mysql: ["SET binlog_format = 'STATEMENT'", 'UPDATE shop.t SET s = UUID()'],
}

describe.each(SLOW_TEST_ENGINES)('%s: what statements ask for and no log tells', family => {
  let folder: string
  let shop: LoggedShop
  let targets = 0
  const moments: string[][] = []

  beforeAll(async () => {
    folder = await makeFolder()
    const options = ['--binlog-format=MIXED', '--sysdate-is-now', SHORT_WORDS]
    shop = await LoggedShop.make(family, folder, options)
    await shop.run(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.t (i INT PRIMARY KEY, s VARCHAR(40), d DATETIME)',
      "INSERT INTO shop.t VALUES (1, 'a', NULL), (2, 'b', NULL)",
      'CREATE TABLE shop.f (i INT PRIMARY KEY, s TEXT, n INT, FULLTEXT (s)) ENGINE = InnoDB',
      "INSERT INTO shop.f VALUES (1, 'ab', 0)",
      `CREATE VIEW shop.found AS ${FOUND}`,
    )
    const backup = await shop.ecomdb(['backup', 'logical', '--quiet'])
    expect(backup.status, backup.stderr).toBe(0)
    for (const statements of [
      // Rows come of these, which are no statements then.
      ['INSERT INTO shop.t VALUES (3, UUID(), SYSDATE())', 'CREATE TABLE shop.user (i INT)'],
      ["SET binlog_format = 'STATEMENT'", 'UPDATE shop.t SET d = SYSDATE()'],
      ADDED[family],
      ['INSERT INTO shop.user SELECT i FROM shop.found'],
    ]) {
      await shop.run(...statements)
      const set = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
      const all = String(await shop.value(`SELECT ${set}`)).replaceAll('\n', '')
      moments.push(['--gtid', all])
    }
    const once = await shop.ecomdb(['backup', 'binlog', '--once'])
    expect(once.status, once.stderr).toBe(0)
  })

  afterAll(async () => {
    await shop?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  async function restored(moment: number, ...serverOptions: string[]): Promise<string> {
    const place = join(folder, `target-${targets++}`)
    const target = await startLogged(shop.engine, place, serverOptions)
    try {
      const args = ['restore', ...(moments[moment] ?? []), '--confirm', 'shop']
      const { status, stdout, stderr } = await shop.ecomdb(args, target)
      expect(status, stderr).toBe(stdout.includes('FINDING') ? 3 : 0)
      return stdout
    } finally {
      await shop.engine.scratchServers.remove(place)
    }
  }

  test('is a finding where the log has the statement, and not where it has rows', async () => {
    expect(await restored(0, SHORT_WORDS)).not.toContain('FINDING')
    const asked = await restored(1)
    expect(asked).toContain(SYSDATE)
    expect(asked).not.toContain(ANEW)
    expect(await restored(2)).toContain(ANEW)
    const alike = ['--sysdate-is-now', SHORT_WORDS]
    expect(await restored(1, ...alike)).not.toContain('FINDING')
    const SEARCH = 'innodb_ft_min_token_size was 1 on the source and is 3 here'
    expect(await restored(3, '--sysdate-is-now')).toContain(SEARCH)
    expect(await restored(3, ...alike)).not.toContain('full-text')
  })
})

const WIDE = (rows: number): string =>
  `INSERT INTO shop.wide WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) SELECT REPEAT('w', 1000) FROM n`

test.each(SLOW_TEST_ENGINES)('%s: what is longer than packets of the source', async family => {
  const folder = await makeFolder()
  const compression: Readonly<Record<EngineFamily, string>> = {
    mariadb: 'log_bin_compress',
    mysql: 'binlog_transaction_compression',
  }
  const shop = await LoggedShop.make(family, folder, ['--binlog-format=MIXED'])
  const target = await startLogged(shop.engine, join(folder, 'target'))
  const packet = () => shop.value('SELECT @@GLOBAL.max_allowed_packet', target)
  const restored = async () => {
    const set = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
    const all = String(await shop.value(`SELECT ${set}`)).replaceAll('\n', '')
    await shop.ecomdb(['backup', 'binlog', '--once'])
    return await shop.ecomdb(['restore', '--gtid', all, '--confirm', 'shop'], target)
  }
  try {
    await shop.run(
      'SET GLOBAL max_allowed_packet = 1048576',
      `SET GLOBAL ${compression[family]} = ON`,
      ...['CREATE DATABASE shop', 'CREATE TABLE shop.wide (t TEXT)'],
      'CREATE TABLE shop.lengths (i INT PRIMARY KEY, n INT)',
    )
    const before = await packet()
    await shop.ecomdb(['backup', 'logical', '--quiet'])
    await shop.run(
      ...[
        "SET binlog_format = 'ROW'",
        WIDE(700),
        "SET binlog_format = 'MIXED'",
        "SET sql_mode = ''",
      ],
      "INSERT INTO shop.lengths VALUES (1, LENGTH(REPEAT('x', 2000000)))",
    )
    const done = await restored()
    expect([done.status, done.stdout], done.stderr).toEqual([0, expect.not.stringMatching('FIND')])
    const LENGTHS = 'SELECT n FROM shop.lengths'
    expect(await shop.rows(LENGTHS)).toEqual([{ n: null }])
    expect(await shop.rows(LENGTHS, target)).toEqual([{ n: null }])
    expect(await packet()).toBe(before)
    await shop.rows('DROP DATABASE shop', target)
    // As base64 in one statement these are longer than the source takes.
    await shop.run("SET binlog_format = 'ROW'", WIDE(900))
    const told = await restored()
    expect([told.status, told.stdout], told.stderr).toEqual([
      3,
      expect.stringMatching('may be longer than the source.s max_allowed_packet'),
    ])
    const COUNT = 'SELECT COUNT(*) FROM shop.wide'
    expect(await shop.value(COUNT, target)).toBe('1600')
  } finally {
    await shop.engine.scratchServers.remove(target.folder)
    await shop.stop()
    await rm(folder, { recursive: true, force: true })
  }
})

const NUMBERED = 'number rows that were there before'

test.each(SLOW_TEST_ENGINES)('%s: rows that a log numbers', async family => {
  const folder = await makeFolder()
  const shop = await LoggedShop.make(family, folder)
  const place = join(folder, 'target')
  const restored = async (): Promise<number> => {
    const target = await startLogged(shop.engine, place)
    try {
      const set = family === 'mysql' ? '@@gtid_executed' : '@@gtid_binlog_pos'
      const all = String(await shop.value(`SELECT ${set}`)).replaceAll('\n', '')
      const once = await shop.ecomdb(['backup', 'binlog', '--once'])
      expect(once.status, once.stderr).toBe(0)
      const done = await shop.ecomdb(['restore', '--gtid', all, '--confirm', 'shop'], target)
      expect(done.stdout.includes(NUMBERED), done.stderr).toBe(done.status === 3)
      return done.status
    } finally {
      await shop.engine.scratchServers.remove(place)
    }
  }
  try {
    await shop.run(
      'CREATE DATABASE shop',
      'CREATE TABLE shop.t (s VARCHAR(9))',
      "INSERT INTO shop.t VALUES ('a'), ('b')",
    )
    expect((await shop.ecomdb(['backup', 'logical', '--quiet'])).status).toBe(0)
    await shop.run('CREATE TABLE shop.n (i INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 5')
    await shop.run(
      'ALTER TABLE shop.n ADD a INT, AUTO_INCREMENT = 9',
      'ALTER TABLE shop.n MODIFY i BIGINT AUTO_INCREMENT, ADD serial VARCHAR(9)',
    )
    expect(await restored()).toBe(0)
    await shop.run('ALTER TABLE shop.t ADD (a INT, id INT AUTO_INCREMENT UNIQUE)')
    expect(await restored()).toBe(3)
  } finally {
    await shop.stop()
    await rm(folder, { recursive: true, force: true })
  }
})
