import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EngineFamily } from '#domain/engine-family'
import type { RunningServer } from '#engine/scratch-server'
import { runEcomdb } from '#test/cli'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { logWords } from '#test/log-words'
import { LoggedShop, startLogged } from '#test/logged-shop'
import { makeFolder } from '#test/temporary'

interface Words {
  follow: (port: number) => string
  delay: string
  start: string
  stop: string
  status: string
  ignore: string
  all: string
}

const WORDS: Readonly<Record<EngineFamily, Words>> = {
  mariadb: {
    follow: port =>
      `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${port}, MASTER_USER = 'repl',
         MASTER_PASSWORD = 'Only-4-replicas', MASTER_USE_GTID = slave_pos`,
    delay: 'CHANGE MASTER TO MASTER_DELAY = 100000',
    start: 'START SLAVE',
    stop: 'STOP SLAVE',
    status: 'SHOW SLAVE STATUS',
    ignore: "SET GLOBAL replicate_ignore_table = 'shop.secret'",
    all: "SET GLOBAL replicate_ignore_table = ''",
  },
  mysql: {
    follow: port =>
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${port}, SOURCE_USER = 'repl',
         SOURCE_PASSWORD = 'Only-4-replicas', SOURCE_AUTO_POSITION = 1, SOURCE_SSL = 0, GET_SOURCE_PUBLIC_KEY = 1`,
    delay: 'CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 100000',
    start: 'START REPLICA',
    stop: 'STOP REPLICA',
    status: 'SHOW REPLICA STATUS',
    ignore: 'CHANGE REPLICATION FILTER REPLICATE_IGNORE_TABLE = (shop.secret)',
    all: 'CHANGE REPLICATION FILTER REPLICATE_IGNORE_TABLE = ()',
  },
}

describe.each(SLOW_TEST_ENGINES)('%s: a backup of a replica', family => {
  const words = WORDS[family]
  let folder: string
  /** The replica, which is backed up. */
  let shop: LoggedShop
  let source: RunningServer

  beforeAll(async () => {
    folder = await makeFolder()
    const updates = family === 'mariadb' ? ['--log-slave-updates'] : []
    shop = await LoggedShop.make(family, folder, ['--server-id=2', ...updates])
    if (family === 'mysql') await shop.run("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
    source = await startLogged(shop.engine, join(folder, 'its-source'), ['--server-id=1'])
    await onSource(
      "CREATE USER repl@'%' IDENTIFIED BY 'Only-4-replicas'",
      "GRANT REPLICATION SLAVE ON *.* TO repl@'%'",
      'CREATE DATABASE shop',
      'CREATE TABLE shop.orders (id INT PRIMARY KEY)',
    )
    await shop.run(words.follow(source.port ?? 0), words.start)
    await untilHere('orders', 0)
  })

  afterAll(async () => {
    await shop?.stop()
    await shop?.engine.scratchServers.remove(join(folder, 'its-source'))
    await rm(folder, { recursive: true, force: true })
  })

  async function onSource(...statements: string[]): Promise<void> {
    const session = await shop.engine.connect(source.administrator)
    try {
      for (const statement of statements) await session.run(statement)
    } finally {
      await session.close()
    }
  }

  async function untilHere(table: string, rows: number): Promise<void> {
    const count = () => shop.value(`SELECT COUNT(*) FROM shop.${table}`).catch(() => 'no table')
    while ((await count()) !== String(rows)) await sleep(20)
  }

  /** Until the replica says so of itself. */
  async function until(column: RegExp, value: RegExp): Promise<void> {
    const values = async () =>
      Object.entries((await shop.rows(words.status))[0] ?? {}).filter(([name]) => column.test(name))
    while (!(await values()).some(([, found]) => value.test(String(found)))) await sleep(50)
  }

  async function backedUp(method: string, status: number): Promise<string> {
    const run = await shop.ecomdb(['backup', method, '--quiet'])
    expect(run.status, run.stdout + run.stderr).toBe(status)
    return run.stdout
  }

  test('that has all of its source is without findings', async () => {
    // A replica with several threads says the place somewhat later than its GTIDs.
    const { status: log } = logWords(source.version)
    const [at] = await shop.rows(log, source)
    const [file, offset] = [String(at?.['File']), Number(at?.['Position'])]
    await until(/^Exec_(Source|Master)_Log_Pos$/, new RegExp(`^${offset}$`))
    for (const method of ['logical', 'physical']) {
      await backedUp(method, 0)
      const shown = await shop.ecomdb(['backup', 'show', 'latest', '--json'])
      const { content, files, envelope } = JSON.parse(shown.stdout).result
      // mariadb-backup tells the GTIDs, where the replica goes by them.
      const byGtid = family === 'mariadb' && method === 'physical'
      expect((content ?? files).position.sources).toEqual([
        {
          ...{ channel: '', host: '127.0.0.1', port: source.port },
          ...(byGtid ? { file: null, offset: null } : { file, offset }),
          gtidSet: expect.stringMatching(/[:-]/),
        },
      ])
      expect(envelope.position.file).toMatch(/^binlog/)
      expect(JSON.stringify(envelope)).not.toContain('127.0.0.1')
      const text = (await shop.ecomdb(['backup', 'show', 'latest'])).stdout
      expect(text).toContain(`source 127.0.0.1:${source.port}${byGtid ? '' : ` ${file}:${offset}`}`)
    }
    expect((await shop.ecomdb(['backup', 'binlog', '--once'])).status).toBe(0)
  })

  test('that has two sources keeps the position of each', async () => {
    const host = "HOST = '127.0.0.2'"
    const second =
      family === 'mariadb'
        ? `CHANGE MASTER 'old shop' TO MASTER_${host}, MASTER_PORT = 3307, MASTER_USER = 'repl', MASTER_LOG_FILE = 'binlog.000007', MASTER_LOG_POS = 4711`
        : `CHANGE REPLICATION SOURCE TO SOURCE_${host}, SOURCE_PORT = 3307, SOURCE_USER = 'repl', SOURCE_LOG_FILE = 'binlog.000007', SOURCE_LOG_POS = 4711 FOR CHANNEL 'old shop'`
    await shop.run(second)
    for (const method of ['logical', 'physical']) {
      await backedUp(method, 3)
      const shown = await shop.ecomdb(['backup', 'show', 'latest', '--json'])
      const { content, files } = JSON.parse(shown.stdout).result
      const { sources } = (content ?? files).position
      expect(sources).toHaveLength(2)
      expect(sources).toContainEqual(expect.objectContaining({ channel: '', port: source.port }))
      expect(sources).toContainEqual({
        ...{ channel: 'old shop', host: '127.0.0.2', port: 3307 },
        ...{ file: 'binlog.000007', offset: 4711, gtidSet: expect.any(String) },
      })
    }
    await shop.run(
      family === 'mariadb'
        ? "RESET SLAVE 'old shop' ALL"
        : "RESET REPLICA ALL FOR CHANNEL 'old shop'",
    )
  })

  test('that leaves tables of its source out names them', async () => {
    await shop.run(words.stop, words.ignore, words.start)
    await onSource('CREATE TABLE shop.secret (id INT)', 'INSERT INTO shop.orders VALUES (1)')
    await untilHere('orders', 1)
    for (const method of ['logical', 'physical']) {
      expect(await backedUp(method, 3)).toMatch(
        /does not take all of 127\.0\.0\.1:\d+ \(replicate_ignore_table = shop\.secret\)/,
      )
    }
    await shop.run(words.stop, words.all, words.start)
  })

  test('that is far behind says by how much', async () => {
    await shop.run(words.stop, words.delay, words.start)
    await onSource('SET timestamp = UNIX_TIMESTAMP() - 4000', 'INSERT INTO shop.orders VALUES (2)')
    await until(/^Seconds_Behind/, /^\d{4}$/)
    expect(await backedUp('logical', 3)).toMatch(/this replica is 4\d\d\d s behind 127/)
    await shop.run(words.stop, words.delay.replace('100000', '0'), words.start)
    await untilHere('orders', 2)
  })

  test('that has stopped at an error is not said to be of now', async () => {
    await shop.run('INSERT INTO shop.orders VALUES (9)')
    await onSource('INSERT INTO shop.orders VALUES (9)')
    await until(/^Last_SQL_Errno/, /1062/)
    for (const method of ['logical', 'physical']) {
      const told = await backedUp(method, 3)
      expect(told).toMatch(/does not follow it \(its SQL thread: No, error 1062\)/)
    }
    const archived = await shop.ecomdb(['backup', 'binlog', '--once'])
    expect([archived.status, archived.stdout]).toEqual([
      3,
      expect.stringContaining('SQL thread: No, error 1062'),
    ])
    await shop.run(words.stop, 'DELETE FROM shop.orders WHERE id = 9', words.start)
    await until(/_SQL_Running$/, /Yes/)
  })

  test('whose source has gone is not said to be of now', async () => {
    await shop.engine.scratchServers.stop(source.folder)
    await until(/_IO_Running$/, /Connecting/)
    expect(await backedUp('logical', 3)).toContain('its IO thread: Connecting')
  })

  // MariaDB has a privilege of its own for it; MySQL's is that which the log's position needs.
  if (family === 'mariadb') {
    test('whose account may not see that says so', async () => {
      await shop.run(
        "CREATE USER poor@localhost IDENTIFIED BY 'Take-another-1'",
        'GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES, RELOAD, PROCESS, BINLOG MONITOR ON *.* TO poor@localhost',
        ...[words.stop, words.ignore],
      )
      const run = await runEcomdb(
        ['backup', 'logical', '--quiet', '--config', join(folder, 'ecomdb.yaml')],
        { env: { ...shop.environment(), ECOMDB_USER: 'poor', ECOMDB_PASSWORD: 'Take-another-1' } },
      )
      expect(run.status, run.stderr).toBe(3)
      expect(run.stdout).toContain('all of its source (replicate_ignore_table = shop.secret)')
      expect(run.stdout).toContain('GRANT SLAVE MONITOR ON *.*')
    })
  }
})
