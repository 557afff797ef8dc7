import { existsSync } from 'node:fs'
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Session } from '#engine/session'
import { runEcomdb } from '#test/cli'
import { dyingAt } from '#test/dying-at'
import { SLOW_TEST_ENGINES } from '#test/engines'
import { PhysicalShop } from '#test/physical-shop'
import { followRecipe, inShell } from '#test/recipe'

/** Until it is told to stop, one statement after another; what the backup makes it wait for, it does later. */
function keepDoing(
  session: Session,
  statements: readonly string[],
  pauseMs = 5,
): () => Promise<void> {
  let ended = false
  const doing = (async () => {
    while (!ended) {
      for (const statement of statements) {
        await session.run(statement)
        await sleep(pauseMs)
      }
    }
  })()
  return async () => {
    ended = true
    await doing
    await session.close()
  }
}

describe.each(SLOW_TEST_ENGINES)('%s: ecomdb backup physical', family => {
  let shop: PhysicalShop

  beforeAll(async () => {
    shop = await PhysicalShop.make(family)
  })

  afterAll(async () => {
    await shop.remove()
  })

  test('tables come, go and change their names meanwhile, and none is lost or twice', async () => {
    // CLONE takes InnoDB only; mariadb-backup tells in its stream what became of others' files.
    const engines = family === 'mariadb' ? ['InnoDB', 'MyISAM', 'Aria'] : ['InnoDB']
    const sums = engines.flatMap(name => [`a_${name}`, `b_${name}`])
    const stops: (() => Promise<void>)[] = []
    for (const name of engines) {
      for (const [n, letter] of ['a', 'b'].entries()) {
        await shop.session.run(`CREATE TABLE bank.${letter}_${name} (v INT) ENGINE = ${name}`)
        await shop.session.run(`INSERT INTO bank.${letter}_${name} VALUES (${n + 1})`)
      }
      const connect = () => shop.engine.connect(shop.server.administrator)
      const [a, b, c] = [`bank.a_${name}`, `bank.b_${name}`, `bank.c_${name}`]
      const [passing, next] = [`bank.passing_${name}`, `bank.next_${name}`]
      if (name === 'InnoDB') {
        stops.push(
          keepDoing(await connect(), [
            `RENAME TABLE ${a} TO ${c}, ${b} TO ${a}, ${c} TO ${b}`,
            `CREATE TABLE ${next} (w INT, x INT)`,
            `RENAME TABLE ${next} TO ${c}`,
            `DROP TABLE ${c}`,
          ]),
        )
      }
      stops.push(
        keepDoing(await connect(), [
          `CREATE TABLE ${passing} (v INT) ENGINE = ${name}`,
          `INSERT INTO ${passing} VALUES (1)`,
          `DROP TABLE ${passing}`,
          `CREATE TABLE ${passing} (w INT, x INT) ENGINE = ${name}`,
          `DROP TABLE ${passing}`,
        ]),
      )
    }
    // A table that mariadb-backup forgets, or does not find any more, is told.
    let made = await shop.whileWriting(() => shop.ecomdb('backup', 'physical'))
    for (let n = 1; n < 16 && made.status !== 0; n += 1) {
      expect(made.stderr).toMatch(/code: (?:TOOL_FAILED|NOT_CONSISTENT)/)
      made = await shop.ecomdb('backup', 'physical')
    }
    for (const stop of stops) await stop()
    expect(made.status, made.stderr).toBe(0)
    const verified = await shop.ecomdb('backup', 'verify', '--deep')
    expect(verified.status, verified.stderr).toBe(0)
    await shop.engine.scratchServers.claim(join(shop.folder, 'restored'))
    const restored = await shop.ecomdb('restore', 'latest', '--data-dir', 'restored/data')
    expect(restored.status, restored.stderr).toBe(0)
    await shop.onRestored('restored', async session => {
      for (const [n, table] of sums.entries()) {
        if (n % 2 === 1) continue
        const both = `SELECT v FROM bank.${table} UNION ALL SELECT v FROM bank.${sums[n + 1]}`
        expect(await session.rows(`SELECT v FROM (${both}) AS t ORDER BY v`)).toEqual([
          { v: 1 },
          { v: 2 },
        ])
      }
      const tables = await session.rows(
        "SELECT TABLE_NAME AS name, ENGINE AS engine FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'bank' AND TABLE_TYPE = 'BASE TABLE'",
      )
      for (const { name, engine } of tables) {
        expect(engine, String(name)).not.toBeNull()
        await session.rows(`SELECT COUNT(*) FROM bank.\`${name}\``)
      }
    })
    const drill = await shop.ecomdb('drill')
    expect(drill.status, drill.stderr + drill.stdout).toBe(0)
  })

  if (family === 'mariadb') {
    test('tables change places while an increment is copied, and it restores', async () => {
      const { session, server, engine, folder } = shop
      for (const sql of PLACES) await session.run(sql)
      const expected = async (on: Session) => ({
        ones: await on.value('SELECT GROUP_CONCAT(v) FROM bank.r1 WHERE v <= 3'),
        all: await on.value(
          'SELECT SUM(v) FROM (SELECT * FROM bank.r1 UNION ALL SELECT * FROM bank.r2 UNION ALL SELECT * FROM bank.r3) t',
        ),
        parts: await on.value(
          'SELECT SUM(v) FROM (SELECT * FROM bank.parts UNION ALL SELECT * FROM bank.part) t',
        ),
      })
      await shop.ecomdb('backup', 'physical')
      const stop = keepDoing(await engine.connect(server.administrator), [
        'RENAME TABLE bank.r1 TO bank.rt, bank.r2 TO bank.r1, bank.r3 TO bank.r2, bank.rt TO bank.r3',
        'ALTER TABLE bank.parts EXCHANGE PARTITION p0 WITH TABLE bank.part',
        'SET GLOBAL innodb_log_checkpoint_now = ON',
      ])
      let copied = 0
      for (let n = 0; n < 12 && copied < 3; n += 1) {
        const made = await shop.ecomdb('backup', 'physical', '--incremental', 'latest')
        if (made.status === 0) copied += 1
      }
      await stop()
      expect(copied).toBe(3)
      const last = await shop.ecomdb('backup', 'physical', '--incremental', 'latest')
      expect(last.status, last.stderr).toBe(0)
      await engine.scratchServers.claim(join(folder, 'places'))
      const restored = await shop.ecomdb('restore', 'latest', '--data-dir', 'places/data')
      expect(restored.status, restored.stderr).toBe(0)
      const now = await expected(session)
      expect(now).toMatchObject({ all: '6', parts: '10' })
      await shop.onRestored('places', async on => expect(await expected(on)).toEqual(now))
      const byHand = await engine.scratchServers.claim(join(folder, 'by-hand'))
      const followed = await followRecipe(join(folder, 'backups'), 'physical', {
        ...{ home: folder, IDENTITY: 'keys/operations.identity', WORK: 'work' },
        MARIADB_BACKUP: inShell(engine.installation().program('mariadb-backup')),
        DATA: join(byHand, 'data'),
      })
      expect(followed.status, followed.stderr).toBe(0)
      await shop.onRestored('by-hand', async on => expect(await expected(on)).toEqual(now))
    })

    test('a table that is made another engine’s and back meanwhile is not forgotten', async () => {
      const { session, server, engine } = shop
      const tables = Array.from({ length: 6 }, (_, n) => `bank.conv${n}`)
      const stops: (() => Promise<void>)[] = []
      for (const table of tables) {
        await session.run(`CREATE TABLE ${table} (v INT PRIMARY KEY) ENGINE = InnoDB`)
        await session.run(`INSERT INTO ${table} VALUES (1), (2), (3)`)
        const turns = ['Aria', 'InnoDB', 'MyISAM', 'InnoDB']
        stops.push(
          keepDoing(
            await engine.connect(server.administrator),
            turns.map(name => `ALTER TABLE ${table} ENGINE = ${name}`),
          ),
        )
      }
      const made: string[] = []
      for (let n = 0; n < 8; n += 1) {
        const backup = await shop.ecomdb('backup', 'physical', '--json')
        if (backup.status === 0) made.push(backup.json().result.snapshotId)
        else expect(backup.json().error?.code).toMatch(/^(?:NOT_CONSISTENT|TOOL_FAILED)$/)
      }
      for (const stop of stops) await stop()
      for (const snapshotId of made) {
        await onSnapshot(shop, snapshotId, async on => {
          for (const table of tables)
            expect(await on.value(`SELECT SUM(v) FROM ${table}`), table).toBe('6')
        })
      }
      for (const table of tables) await session.run(`DROP TABLE ${table}`)
      const last = await shop.ecomdb('backup', 'physical')
      expect(last.status, last.stderr).toBe(0)
    })

    test('Aria tables that are emptied, altered or replaced by InnoDB’s meanwhile are in the copy', async () => {
      const { session, server, engine } = shop
      const by = { parts: 'PARTITION BY RANGE (v) (PARTITION p0 VALUES LESS THAN (5))' }
      await session.run('CREATE TABLE bank.filled (v INT PRIMARY KEY) ENGINE = Aria')
      await session.run(`CREATE TABLE bank.split (v INT) ENGINE = Aria ${by.parts}`)
      await session.run('INSERT INTO bank.split VALUES (1), (2), (3)')
      const storms = [
        [
          'TRUNCATE bank.filled',
          'INSERT INTO bank.filled VALUES (1), (2), (3)',
          'ALTER TABLE bank.split ADD PARTITION (PARTITION p1 VALUES LESS THAN (9))',
          'ALTER TABLE bank.split DROP PARTITION p1',
        ],
        ['InnoDB', 'Aria', 'InnoDB', 'MyISAM'].map(
          name =>
            `CREATE OR REPLACE TABLE bank.replaced (v INT) ENGINE = ${name} AS SELECT 1 AS v UNION SELECT 5`,
        ),
      ]
      const stops: (() => Promise<void>)[] = []
      for (const storm of storms) {
        stops.push(keepDoing(await engine.connect(server.administrator), storm))
      }
      const made: string[] = []
      for (let n = 0; n < 12 && made.length < 3; n += 1) {
        const backup = await shop.ecomdb('backup', 'physical', '--json')
        if (backup.status === 0) made.push(backup.json().result.snapshotId)
        // Of a table that is dropped and made again it may forget the files, or not find them.
        else expect(backup.json().error?.code).toMatch(/^(?:NOT_CONSISTENT|TOOL_FAILED)$/)
      }
      for (const stop of stops) await stop()
      expect(made).toHaveLength(3)
      for (const snapshotId of made) {
        await onSnapshot(shop, snapshotId, async on => {
          expect(await on.value('SELECT SUM(v) FROM bank.replaced')).toBe('6')
          expect(await on.value('SELECT SUM(v) FROM bank.split')).toBe('6')
          expect(await on.value('SELECT SUM(v) FROM bank.filled')).toBeOneOf([null, '6'])
        })
      }
      for (const name of ['filled', 'split', 'replaced'])
        await session.run(`DROP TABLE bank.${name}`)
    })

    test('logs of Aria that are ended while they are copied are in the copy', async () => {
      const { session, server, engine } = shop
      await session.run('SET GLOBAL aria_log_file_size = 8388608')
      await session.run('CREATE TABLE bank.logged (v INT, t LONGTEXT) ENGINE = Aria')
      await session.run("INSERT INTO bank.logged VALUES (1, '')")
      const turn = 'UPDATE bank.logged SET v = v + 1, t = REPEAT(v, 200000)'
      const version = async (on: Session) => Number(await on.value('SELECT v FROM bank.logged'))
      const lastLog = async () => {
        const rows = await session.rows('SHOW ENGINE aria LOGS')
        return Math.max(...rows.map(row => Number(/log\.(\d+)/.exec(String(row['Name']))?.[1])))
      }
      // Without a pause the log grows faster than a machine that does other work as well copies it.
      const stop = keepDoing(await engine.connect(server.administrator), [turn], 100)
      const [atLeast, before] = [await version(session), await lastLog()]
      const backup = await shop.ecomdb('backup', 'physical')
      await stop()
      expect(backup.status, backup.stderr).toBe(0)
      expect(await lastLog()).toBeGreaterThan(before + 1)
      await onSnapshot(shop, 'latest', async on => {
        expect(await version(on)).toBeGreaterThanOrEqual(atLeast)
        expect(await on.value('SELECT SUM(t = REPEAT(v, 200000)) FROM bank.logged')).toBe('1')
        const checked = await on.rows('CHECK TABLE bank.logged EXTENDED')
        expect(checked.at(-1)).toMatchObject({ Msg_text: 'OK' })
      })
      await session.run('DROP TABLE bank.logged')
      await session.run('SET GLOBAL aria_log_file_size = DEFAULT')
    })

    test('a log of Aria that the server had just begun keeps no copy from being prepared', async () => {
      await shop.session.run('CREATE TABLE bank.begun (t LONGTEXT) ENGINE = Aria')
      await shop.session.run("INSERT INTO bank.begun VALUES (REPEAT('t', 1000000))")
      const backup = await shop.ecomdb('backup', 'physical')
      expect(backup.status, backup.stderr).toBe(0)
      const data = join(shop.folder, 'begun', 'data')
      const args = ['restore', 'latest', '--data-dir', data, '--progress', 'json']
      await runEcomdb(args, { cwd: shop.folder, env: dyingAt('applying the log') })
      const files = join(data, '.ecomdb-files')
      const newest = (await readdir(files))
        .filter(name => /^aria_log\.\d/.test(name))
        .sort()
        .at(-1)
      // In the midst of the record, which goes on in the one that was begun.
      const { size } = await stat(join(files, String(newest)))
      await truncate(join(files, String(newest)), (Math.floor(size / 8192) - 60) * 8192)
      const number = Number(newest?.slice('aria_log.'.length)) + 1
      const header = (await readFile(join(files, String(newest)))).subarray(0, 8192)
      header.writeUIntLE(number, 34, 3)
      header.fill(0, 37, 44)
      const begun = join(files, `aria_log.${String(number).padStart(8, '0')}`)
      await writeFile(begun, header)
      const options = { increments: [], workFolder: shop.folder }
      await shop.engine.physicalBackups.prepare(files, options)
      expect(existsSync(begun)).toBe(false)
    })

    test('writers to tables without transactions wait for --hold seconds at most', async () => {
      for (const name of ['held', 'other_held']) {
        await shop.session.run(`CREATE TABLE bank.${name} (v INT) ENGINE = MyISAM`)
      }
      const [long, short] = await Promise.all(
        [1, 2].map(() => shop.engine.connect(shop.server.administrator)),
      )
      const writing = long?.run('INSERT INTO bank.held SELECT SLEEP(25)')
      const backup = shop.ecomdb('backup', 'physical', '--hold', '1')
      for (;;) {
        const rows = await shop.session.rows(
          "SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'BACKUP STAGE %'",
        )
        if (rows.length > 0) break
        await sleep(10)
      }
      const begun = performance.now()
      await short?.run('INSERT INTO bank.other_held VALUES (1)')
      const waitedMs = performance.now() - begun
      const ended = await backup
      expect(ended.status, ended.stderr).toBe(13)
      expect(ended.stderr).toContain('code: NOT_CONSISTENT')
      expect(ended.stderr).toContain('raise --hold')
      // The statement sleeps on.
      expect(waitedMs).toBeLessThan(15_000)
      await shop.session.run(`KILL QUERY ${long?.connectionId}`)
      await writing?.catch(() => {})
      const done = await shop.ecomdb('backup', 'physical', '--json')
      expect(done.status, done.stderr).toBe(0)
      expect(done.json().result.steps.join()).toMatch(/closed to writers for \d+ ms/)
      for (const session of [long, short]) await session?.close()
    })
  }
})

const PLACES = [
  ...[1, 2, 3].flatMap(n => [
    `CREATE TABLE bank.r${n} (v INT) ENGINE = InnoDB ${n === 2 ? 'ROW_FORMAT = COMPRESSED' : ''}`,
    `INSERT INTO bank.r${n} VALUES (${n})`,
  ]),
  'CREATE TABLE bank.parts (v INT) ENGINE = InnoDB PARTITION BY RANGE (v) (PARTITION p0 VALUES LESS THAN (9))',
  'CREATE TABLE bank.part (v INT) ENGINE = InnoDB',
  'INSERT INTO bank.parts VALUES (3)',
  'INSERT INTO bank.part VALUES (7)',
]

/** A snapshot's files, and a server that was started on them. */
async function onSnapshot(
  shop: PhysicalShop,
  snapshotId: string,
  look: (on: Session) => Promise<void>,
): Promise<void> {
  await shop.engine.scratchServers.claim(join(shop.folder, snapshotId))
  const data = join(snapshotId, 'data')
  const restored = await shop.ecomdb('restore', snapshotId, '--data-dir', data)
  expect(restored.status, restored.stderr).toBe(0)
  await shop.onRestored(snapshotId, look)
}
