import { existsSync } from 'node:fs'
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EngineFamily } from '#domain/engine-family'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { PhysicalShop } from '#test/physical-shop'

const OWN: Readonly<Record<EngineFamily, readonly string[]>> = {
  mysql: ['SET PERSIST max_connections = 77'],
  mariadb: [
    'CREATE ROLE clerk',
    'CREATE SEQUENCE bank.numbers',
    'CREATE VIEW bank.taking AS SELECT NEXT VALUE FOR bank.numbers AS n',
  ],
}

/** What a server that starts on the files has, besides rows. */
const STATE: Readonly<Record<EngineFamily, readonly string[]>> = {
  mysql: [
    'SELECT * FROM mysql.user ORDER BY User, Host',
    'SELECT * FROM information_schema.EVENTS',
    'SELECT * FROM mysql.gtid_executed',
    'SELECT BINLOG_FILE, BINLOG_POSITION, GTID_EXECUTED FROM performance_schema.clone_status',
  ],
  mariadb: [
    'SELECT * FROM mysql.global_priv ORDER BY User, Host',
    'SELECT * FROM mysql.roles_mapping',
    'SELECT * FROM information_schema.EVENTS',
    'SELECT * FROM mysql.gtid_slave_pos',
    'SELECT * FROM bank.numbers',
  ],
}

/** Files by which a server is told from others, or that another has made for itself. */
const OF_A_SERVER = /^auto\.cnf$|\.pem$|relay|^\.ecomdb/

describe.each(SLOW_TEST_ENGINES)('%s: ecomdb restore --data-dir --prove', family => {
  let shop: PhysicalShop

  beforeAll(async () => {
    shop = await PhysicalShop.make(family)
    for (const sql of [
      'CREATE EVENT bank.tick ON SCHEDULE EVERY 1 YEAR DO DELETE FROM bank.journal WHERE id < 0',
      "CREATE USER shut@'%' IDENTIFIED BY 'Secret-of-shut1!' ACCOUNT LOCK",
      "CREATE USER s_ann_0123456789ab@'%' IDENTIFIED BY 'Secret-of-ann1!'",
      ...OWN[family],
    ]) {
      await shop.session.run(sql)
    }
  })

  afterAll(async () => {
    await shop.remove()
  })

  /** Into a folder that a server can be started in. */
  const restored = async (name: string, ...args: string[]) => {
    await shop.engine.scratchServers.claim(join(shop.folder, name))
    return await shop.ecomdb('restore', 'latest', '--data-dir', `${name}/data`, ...args)
  }

  /** As somebody starts it, and looks. */
  const stateOf = async (name: string): Promise<unknown[]> => {
    const { scratchServers } = shop.engine
    const { administrator } = shop.server
    const folder = join(shop.folder, name)
    const how = { tcp: false, purpose: 'drill', asItIs: true, administrator } as const
    const server = await scratchServers.start({ folder, ...how })
    const session = await shop.engine.connect(server.administrator)
    try {
      const state: unknown[] = []
      for (const sql of STATE[family]) state.push(await session.rows(sql))
      return state
    } finally {
      await session.close()
      await scratchServers.remove(folder)
    }
  }

  test('every row is compared, and the files are as those that no server has had open', async () => {
    for (const method of ['logical', 'physical']) {
      const made = await shop.ecomdb('backup', method)
      expect(made.status, made.stderr).toBe(0)
    }
    const plain = await restored('plain')
    const proved = await restored('proved', '--prove')
    // The broker's session account is for both to tell.
    const told = /^FINDING: session accounts .*--init-file=\S+ecomdb-leavers\.sql/m
    for (const { status, stdout, stderr } of [plain, proved]) {
      expect([status, stderr]).toEqual([3, expect.any(String)])
      expect(stdout).toMatch(told)
    }
    expect(plain.stdout).toContain('with --prove a private one does')
    expect(proved.stdout).not.toContain('with --prove a private one does')
    expect(proved.stdout).toMatch(/^start +ok +a private \S+ started on the files, and stopped$/m)
    expect(proved.stdout).toMatch(/^tables +ok +5 rows of 3 tables read in full/m)
    expect(proved.stdout).toMatch(/^content +ok .* as in logical snapshot /m)
    expect(proved.stdout).toMatch(/^pages +ok .* again after the proof$/m)
    expect(proved.stdout).toMatch(family === 'mysql' ? /^gtids +ok /m : /^gtids +not checked /m)
    const [there, here] = [join(shop.folder, 'plain/data'), join(shop.folder, 'proved/data')]
    expect((await readdir(here)).filter(name => OF_A_SERVER.test(name))).toEqual([])
    if (family === 'mysql') {
      for (const name of ['mysqld-auto.cnf', 'ib_buffer_pool']) {
        expect(await readFile(join(here, name)), name).toEqual(await readFile(join(there, name)))
      }
    }
    expect(await stateOf('proved')).toEqual(await stateOf('plain'))
  })

  test('to a moment, every row behind the replay is read by the same server', async () => {
    await shop.session.run("INSERT INTO bank.journal (note) VALUES ('later')")
    const archived = await shop.ecomdb('backup', 'binlog', '--once')
    expect(archived.status, archived.stderr).toBe(0)
    const gtids = family === 'mysql' ? '@@GLOBAL.gtid_executed' : '@@GLOBAL.gtid_binlog_pos'
    const gtid = ((await shop.session.value(`SELECT ${gtids}`)) ?? '').replaceAll('\n', '')
    const args = ['--data-dir', 'moment', '--gtid', gtid, '--prove']
    const done = await shop.ecomdb('restore', ...args)
    expect(done.status, done.stderr).toBe(0)
    expect(done.stdout).toMatch(/^read: every row after the replay/m)
    expect(done.stdout).toMatch(/^tables +ok +6 rows of 3 tables read in full/m)
    expect(done.stdout).toMatch(/^content +not checked +no snapshot is of the moment/m)
    expect(done.stdout.match(/^gtids /gm)).toHaveLength(1)
  })

  test('a row that is another than in the logical snapshot empties the directory', async () => {
    expect((await shop.ecomdb('backup', 'logical')).status).toBe(0)
    // The position stays, so the two are said to show the same.
    await shop.session.run('SET SESSION sql_log_bin = 0')
    await shop.session.run('UPDATE bank.accounts SET balance = 999 WHERE id = 2')
    await shop.session.run('SET SESSION sql_log_bin = 1')
    expect((await shop.ecomdb('backup', 'physical')).status).toBe(0)
    const refused = await shop.ecomdb('restore', 'latest', '--data-dir', 'other', '--prove')
    expect(refused.status, refused.stdout).toBe(13)
    expect(refused.stderr).toMatch(
      /the restored files are not right: content\n.*`bank`\.`accounts`/,
    )
    expect(refused.stderr).toContain('hint: without --prove the files stay')
    expect(existsSync(join(shop.folder, 'other'))).toBe(false)
  })

  test('a view that writes a file writes none outside of the private server', async () => {
    const file = join(shop.folder, 'server', 'data', `written-by-${family}`)
    for (const sql of [
      `CREATE FUNCTION bank.write_file() RETURNS INT READS SQL DATA SQL SECURITY INVOKER
        BEGIN SELECT 'written' INTO OUTFILE '${file}'; RETURN 1; END`,
      'CREATE ALGORITHM = TEMPTABLE SQL SECURITY INVOKER VIEW bank.writer AS SELECT bank.write_file()',
      // One that refuses where long values of JSON would be cut.
      `CREATE FUNCTION bank.long_enough() RETURNS INT READS SQL DATA
        RETURN IF(@@GLOBAL.max_allowed_packet < 1 << 30, (SELECT id FROM bank.accounts), 1)`,
      'CREATE ALGORITHM = TEMPTABLE VIEW bank.longest AS SELECT bank.long_enough()',
    ]) {
      await shop.session.run(sql)
    }
    for (const args of [
      ['backup', 'physical'],
      ['backup', 'logical'],
    ]) {
      const made = await shop.ecomdb(...args)
      expect(made.status, made.stderr).toBe(0)
    }
    const proved = await restored('kept', '--prove', '--json')
    const drilled = await shop.ecomdb('drill', proved.json().result?.snapshotId, '--json')
    expect(existsSync(file)).toBe(false)
    expect([proved.status, drilled.status], proved.stderr).toEqual([3, 0])
    for (const { checks } of [proved.json().result.outcome, drilled.json().result]) {
      const of = (name: string) => checks.filter((one: { name: string }) => one.name === name)
      expect(JSON.stringify(of('answers'))).toMatch(/`bank`.`writer` opens, .*secure.file.priv/)
      expect(JSON.stringify(of('answers'))).not.toContain('longest')
    }
    await shop.session.run('DROP VIEW bank.writer, bank.longest')
    for (const name of ['write_file', 'long_enough']) {
      await shop.session.run(`DROP FUNCTION bank.${name}`)
    }
  })

  if (family === 'mariadb') {
    test('rows that are in no file are not compared, and are named', async () => {
      await shop.session.run(
        'CREATE TABLE bank.fast (id INT AUTO_INCREMENT PRIMARY KEY, n INT) ENGINE = MEMORY',
      )
      await shop.session.run('INSERT INTO bank.fast (n) VALUES (1), (2), (3)')
      expect((await shop.ecomdb('backup', 'logical')).status).toBe(0)
      expect((await shop.ecomdb('backup', 'physical')).status).toBe(3)
      const proved = await restored('fast', '--prove')
      const drilled = await shop.ecomdb('drill')
      await shop.session.run('DROP TABLE bank.fast')
      expect([proved.status, drilled.status], proved.stderr + drilled.stderr).toEqual([3, 0])
      for (const { stdout } of [proved, drilled]) {
        expect(stdout).toMatch(/^content +ok .* as in logical snapshot /m)
        expect(stdout).toMatch(
          /^not-in-files +not checked .* of 1 table .*`bank`.`fast` \(MEMORY\)/m,
        )
      }
    })
  }

  test('another snapshot that cannot be read leaves the rows uncompared, and the files where they are', async () => {
    const logical = await shop.ecomdb('backup', 'logical', '--json')
    const physical = await shop.ecomdb('backup', 'physical', '--json')
    const { snapshotId } = logical.json().result
    const snapshots = join(shop.folder, 'backups', 'snapshots')
    for (const name of await readdir(snapshots)) {
      if (name.includes(physical.json().result.snapshotId)) continue
      const path = join(snapshots, name, 'manifest.age')
      const bytes = await readFile(path)
      await chmod(path, 0o600)
      await writeFile(path, bytes.with(bytes.length - 20, 0).with(bytes.length - 21, 1))
    }
    const proved = await restored('alone', '--prove')
    const drilled = await shop.ecomdb('drill', physical.json().result.snapshotId)
    expect([proved.status, drilled.status], proved.stderr + drilled.stderr).toEqual([3, 0])
    for (const { stdout } of [proved, drilled]) {
      const [line, ...others] = stdout.match(/^content +.*$/gm) ?? []
      expect(others).toEqual([])
      expect(line).toMatch(
        new RegExp(
          `^content +not checked +logical snapshot ${snapshotId} cannot be read \\([^;]+: the rows were read, `,
        ),
      )
    }
  })

  test('a view by which somebody would set the server’s variables is not asked, by rows or files', async () => {
    const written = join(shop.folder, 'written.log')
    for (const sql of [
      ...(family === 'mysql' ? ['SET GLOBAL log_bin_trust_function_creators = ON'] : []),
      `CREATE FUNCTION bank.hidden() RETURNS INT NO SQL SQL SECURITY INVOKER BEGIN SET GLOBAL general_log_file = '${written}', GLOBAL general_log = ON; RETURN 1; END`,
      'CREATE ALGORITHM = TEMPTABLE SQL SECURITY INVOKER VIEW bank.trap AS SELECT bank.hidden() AS x',
    ]) {
      await shop.session.run(sql)
    }
    for (const method of ['logical', 'physical']) {
      expect((await shop.ecomdb('backup', method)).status).toBe(0)
      const drill = await shop.ecomdb('drill')
      expect(drill.status, drill.stdout).toBe(0)
      expect(drill.stdout).toMatch(/^answers +ok +.*; not asked: .*`bank`\.`trap`, which may call/m)
    }
    const proved = await shop.ecomdb('restore', 'latest', '--data-dir', 'trapped', '--prove')
    expect(proved.status, proved.stderr).toBe(3)
    expect(existsSync(written)).toBe(false)
    await shop.session.run('DROP VIEW bank.trap')
    await shop.session.run('DROP FUNCTION bank.hidden')
  })

  test('views that are broken on the source too are named, and are no difference', async () => {
    for (const sql of [
      'CREATE TABLE bank.x (a INT PRIMARY KEY, b INT)',
      "CREATE USER leaving@'%' IDENTIFIED BY 'Secret-of-leaving1!'",
      'CREATE VIEW bank.columnless AS SELECT b FROM bank.x',
      "CREATE DEFINER = leaving@'%' VIEW bank.orphan AS SELECT a FROM bank.x",
      'CREATE VIEW bank.above AS SELECT b FROM bank.columnless',
      ...["DROP USER leaving@'%'", 'ALTER TABLE bank.x DROP COLUMN b'],
    ]) {
      await shop.session.run(sql)
    }
    expect((await shop.ecomdb('backup', 'physical')).status).toBe(0)
    const drill = await shop.ecomdb('drill')
    expect(drill.status, drill.stdout).toBe(0)
    const named = /^answers +ok +.*; not bank\.\w+, bank\.\w+, bank\.\w+, where what it reads/m
    expect(drill.stdout).toMatch(named)
    const proved = await shop.ecomdb('restore', 'latest', '--data-dir', 'broken', '--prove')
    expect(proved.status, proved.stderr).toBe(3)
    expect(proved.stdout).toMatch(named)
  })

  test('what no server can be started in is refused before there are files; rows need no --prove', async () => {
    const odd = await shop.ecomdb('restore', 'latest', '--data-dir', 'a:b', '--prove', '--dry-run')
    expect([odd.status, odd.stderr]).toEqual([78, expect.stringContaining('its path has : in it')])
    expect((await shop.ecomdb('restore', 'latest', '--prove')).status).toBe(2)
  })
})
