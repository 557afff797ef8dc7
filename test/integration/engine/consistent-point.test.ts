import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineFor } from '#cli/wire'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import {
  type ConsistentOptions,
  type ConsistentPoint,
  type KeyRange,
  WHOLE_TABLE,
} from '#engine/logical-reader'
import type { RunningServer } from '#engine/scratch-server'
import type { ConnectOptions, Session } from '#engine/session'
import { TEST_ENGINES } from '#test/engines'
import { makeFolder } from '#test/temporary'

const ACCOUNTS = 60
const BALANCE = 1000

/** One server per engine for all of this file: it is locked, and other files' are not. */
describe.each(TEST_ENGINES)('%s', family => {
  let engine: Engine
  let server: RunningServer
  let admin: Session
  let folder: string

  beforeAll(async () => {
    engine = await engineFor(family)
    folder = await makeFolder()
    server = await engine.scratchServers.start({
      folder: `${folder}/server`,
      tcp: false,
      purpose: 'sandbox',
    })
    admin = await engine.connect(server.administrator)
    await admin.run('SET SESSION lock_wait_timeout = 5')
    await makeBank(admin)
  })

  /** An account that sees all, and may not keep DDL out (BACKUP_ADMIN). */
  async function makeUnfenced(): Promise<void> {
    await admin.run("CREATE USER unfenced@localhost IDENTIFIED BY ''")
    await admin.run(
      'GRANT SELECT, RELOAD, SHOW VIEW, TRIGGER, EVENT, PROCESS, LOCK TABLES ON *.* TO unfenced@localhost',
    )
  }

  /** Two tables of which the one can be the other's partition, behind 60 that make looks take some time. */
  async function makeExchangeable(): Promise<void> {
    await admin.run('CREATE DATABASE aaa')
    for (let n = 0; n < 60; n += 1) await admin.run(`CREATE TABLE aaa.t${n} (id INT)`)
    await admin.run('CREATE TABLE bank.late (id INT PRIMARY KEY, a INT)')
    await admin.run('CREATE TABLE bank.parted LIKE bank.late')
    await admin.run(
      'ALTER TABLE bank.parted PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (9))',
    )
    await admin.run('INSERT INTO bank.late VALUES (1, 0)')
    await admin.run('INSERT INTO bank.parted VALUES (1, 1)')
  }

  afterAll(async () => {
    await admin.close()
    await engine.scratchServers.remove(`${folder}/server`)
    await rm(folder, { recursive: true })
  })

  const open = (more: Partial<ConsistentOptions> = {}): Promise<ConsistentPoint> =>
    engine.logicalReader.openConsistent({
      connect: server.administrator,
      databases: ['bank'],
      readers: 3,
      ...more,
    })

  test('a table that says it was made on a later day is not waited for', async () => {
    const other = await engine.connect(server.administrator)
    await other.run("SET timestamp = UNIX_TIMESTAMP('2031-01-01 00:00:00')")
    await other.run('CREATE TABLE bank.later (id INT PRIMARY KEY)')
    await other.run('INSERT INTO bank.later VALUES (1)')
    await other.close()
    const point = await open()
    await point.close()
    await admin.run('DROP TABLE bank.later')
  })

  test('a look that always finds a table of its own second is not repeated for ever', async ({
    skip,
  }) => {
    skip(family === 'mariadb', 'its tables have the time of their files')
    const other = await engine.connect(server.administrator)
    await other.run('SET timestamp = UNIX_TIMESTAMP() + 30')
    await other.run('CREATE TABLE bank.later (id INT PRIMARY KEY)')
    await other.close()
    try {
      await expect(open({ waitSeconds: 1 })).rejects.toMatchObject({
        code: 'NOT_CONSISTENT',
        what: 'no consistent point could be got: tables are made or altered all the time',
        why: expect.stringContaining('bank.later'),
      })
    } finally {
      await admin.run('DROP TABLE bank.later')
    }
    await (await open({ waitSeconds: 0 })).close()
  })

  test('what comes and goes while the catalog is read does not stop the reading', async () => {
    const other = await engine.connect(server.administrator)
    let ended = false
    const passing = (async () => {
      for (let n = 0; !ended; n += 1) {
        const began = performance.now()
        await other.run('CREATE DATABASE passing')
        await other.run('CREATE TABLE passing.t (id INT PRIMARY KEY)')
        await other.run('CREATE PROCEDURE passing.p() DO 0')
        // Sometimes the database first, sometimes what is in it.
        if (n % 2 === 0) await other.run('DROP PROCEDURE passing.p')
        await other.run(n % 2 === 0 ? 'DROP TABLE passing.t' : 'DROP DATABASE passing')
        await other.run('DROP DATABASE IF EXISTS passing')
        // There for a tenth of the time: always there, it would be in the way of each look.
        await sleep(9 * (performance.now() - began))
      }
    })()
    try {
      for (let look = 0; look < 20; look += 1) {
        const { databases } = await engine.logicalReader.readCatalog(admin, null)
        expect(databases.map(({ name }) => name)).toContain('bank')
      }
    } finally {
      ended = true
      await passing
      await other.close()
    }
  })

  test('8 writers move money: the sum is right on all readers, and the position is exact', async () => {
    const connect = () => engine.connect({ ...server.administrator, database: 'bank' })
    const before = await transactionsSoFar(admin, family)
    const writers = await moveMoney(connect)
    try {
      const moved = () => transactionsSoFar(admin, family)
      await expect.poll(moved).toBeGreaterThan(before)
      for (let round = 0; round < 3; round++) {
        // A machine that is too busy to grant the first kind of lock in time gets the next kind.
        const point = await open({ lockSeconds: 60 })
        try {
          const { sum, transfers } = await readBank(point)
          expect(sum).toBe(ACCOUNTS * BALANCE)
          expect(transactionsAt(point, family) - before).toBe(transfers)
          expect(transfers).toBeGreaterThan(0)
          const proof = await point.finish()
          expect(proof).toMatchObject({ readers: 3, definitionsUnchanged: true })
          expect(proof.method).toBe(family === 'mysql' ? 'lock-tables' : 'backup-stage')
          expect(proof.lockedMs).toBeLessThan(60_000)
        } finally {
          await point.close()
        }
      }
    } finally {
      await writers.stop()
    }
  })

  test('without RELOAD it locks the tables; without LOCK TABLES it reads on one connection', async () => {
    const rights = 'SELECT, SHOW VIEW, TRIGGER, EVENT, PROCESS'
    for (const [more, method] of [
      [', LOCK TABLES', 'lock-tables'],
      ['', 'single-reader'],
    ]) {
      await admin.run("CREATE USER poor@localhost IDENTIFIED BY ''")
      await admin.run(`GRANT ${rights}${more} ON *.* TO poor@localhost`)
      const connect = () => engine.connect({ ...server.administrator, database: 'bank' })
      const writers = await moveMoney(connect)
      try {
        const point = await open({ connect: { ...server.administrator, user: 'poor' } })
        const { sum } = await readBank(point).finally(async () => {
          expect((await point.finish()).method).toBe(method)
          await point.close()
        })
        expect(sum).toBe(ACCOUNTS * BALANCE)
        if (method === 'single-reader') expect(point.position.file).toBeNull()
      } finally {
        await writers.stop()
        await admin.run('DROP USER poor@localhost')
      }
    }
  })

  test('the position is exact under 8 writers by each kind of lock that the engine has', async () => {
    const rights = 'SELECT, SHOW VIEW, TRIGGER, EVENT, PROCESS'
    const kinds =
      family === 'mysql'
        ? [
            ['lock-tables', 'LOCK TABLES, REPLICATION CLIENT'],
            ['ftwrl', 'RELOAD, REPLICATION CLIENT'],
          ]
        : [
            ['backup-stage', 'RELOAD, BINLOG MONITOR'],
            ['lock-tables', 'LOCK TABLES, BINLOG MONITOR'],
          ]
    for (const [method, more] of kinds) {
      await admin.run("CREATE USER poor@localhost IDENTIFIED BY ''")
      await admin.run(`GRANT ${rights}, ${more} ON *.* TO poor@localhost`)
      const written = Number(await admin.value('SELECT COUNT(*) FROM bank.transfers'))
      const others = (await transactionsSoFar(admin, family)) - written
      const writers = await moveMoney(() =>
        engine.connect({ ...server.administrator, database: 'bank' }),
      )
      try {
        await expect.poll(() => transactionsSoFar(admin, family)).toBeGreaterThan(others + written)
        const connect = { ...server.administrator, user: 'poor' }
        for (let round = 0; round < 2; round += 1) {
          // FLUSH TABLES WITH READ LOCK waits for a statement that waits for a row of a transaction, which
          // waits for it: neither engine sees that, so each attempt has to be a short one.
          const point = await open({ connect, waitSeconds: 150 })
          try {
            const { sum, transfers } = await readBank(point)
            expect(sum).toBe(ACCOUNTS * BALANCE)
            expect(transactionsAt(point, family) - others).toBe(transfers)
            expect((await point.finish()).method).toBe(method)
          } finally {
            await point.close()
          }
        }
      } finally {
        await writers.stop()
        await admin.run('DROP USER poor@localhost')
      }
    }
  })

  test('DDL while rows are read fails the backup, or waits for its end', async () => {
    await admin.run('CREATE TABLE bank.changing (id INT PRIMARY KEY, a INT)')
    await admin.run('INSERT INTO bank.changing VALUES (1, 1), (5, 5)')
    const statements = [
      'ALTER TABLE bank.changing ADD COLUMN b INT DEFAULT 7',
      'TRUNCATE TABLE bank.changing',
      'DROP TABLE bank.changing',
    ]
    for (const statement of statements) {
      const point = await open()
      try {
        await readRange(point, 'changing', { from: null, to: '3' })
        const other = await engine.connect(server.administrator)
        const ddl = other.run(statement).finally(() => other.close())
        if (family === 'mysql') {
          // LOCK INSTANCE FOR BACKUP keeps it waiting.
          expect(await settledWithin(ddl, 300)).toBe(false)
          await readRange(point, 'changing', { from: '3', to: null })
          await point.finish()
          await point.close()
          await ddl
        } else {
          await ddl
          await expect(
            readRange(point, 'changing', { from: '3', to: null }).then(() => point.finish()),
          ).rejects.toMatchObject({ code: 'NOT_CONSISTENT' })
        }
      } finally {
        await point.close()
      }
    }
  })

  test('DDL on a table before it was read is found, also when it is taken back; behind its last row it does no harm', async () => {
    // Without BACKUP_ADMIN there is no fence on MySQL either.
    await makeUnfenced()
    if (family === 'mariadb') await admin.run('GRANT BINLOG ADMIN ON *.* TO unfenced@localhost')
    try {
      for (const [isSeenEarly, ...statements] of [
        [true, 'ALTER TABLE bank.restless DROP COLUMN a', 'ALTER TABLE bank.restless ADD a INT'],
        [false, 'TRUNCATE TABLE bank.restless'],
        [false, 'DROP TABLE bank.restless', 'CREATE TABLE bank.restless LIKE bank.twin'],
        [
          true,
          'RENAME TABLE bank.restless TO bank.z, bank.twin TO bank.restless, bank.z TO bank.twin',
        ],
      ] as const) {
        for (const isRead of isSeenEarly ? [true, false] : [true]) {
          await admin.run('DROP TABLE IF EXISTS bank.restless, bank.twin, bank.new_one')
          await admin.run('CREATE TABLE bank.restless (id INT PRIMARY KEY, a INT)')
          await admin.run('CREATE TABLE bank.twin LIKE bank.restless')
          await admin.run('INSERT INTO bank.restless VALUES (1, 1), (5, 5)')
          const point = await open({ connect: { ...server.administrator, user: 'unfenced' } })
          try {
            if (isRead) {
              for (const table of ['restless', 'twin']) await readRange(point, table, WHOLE_TABLE)
            }
            for (const statement of statements) await admin.run(statement)
            await admin.run('CREATE TABLE bank.new_one (id INT)')
            // What is read behind it is the same as ever, whatever became of the others.
            if (isRead) {
              expect((await readBank(point)).sum).toBe(ACCOUNTS * BALANCE)
              await point.finish()
            } else {
              await expect(point.finish()).rejects.toMatchObject({ code: 'NOT_CONSISTENT' })
            }
          } finally {
            await point.close()
          }
        }
      }
    } finally {
      await admin.run('DROP TABLE IF EXISTS bank.restless, bank.twin, bank.new_one')
      await admin.run('DROP USER unfenced@localhost')
    }
  })

  test('a table that has two chunks read, and is another one in between, is found by the second', async () => {
    await makeUnfenced()
    if (family === 'mariadb') await admin.run('GRANT BINLOG ADMIN ON *.* TO unfenced@localhost')
    await admin.run('CREATE TABLE bank.early (id INT PRIMARY KEY, a INT)')
    await admin.run('CREATE TABLE bank.late LIKE bank.early')
    await admin.run('INSERT INTO bank.early VALUES (1, 1), (2, 2), (5, 5)')
    const other = await engine.connect(server.administrator)
    const point = await open({ connect: { ...server.administrator, user: 'unfenced' } })
    try {
      await readRange(point, 'late', WHOLE_TABLE)
      const early = point.catalog.tables.find(({ name }) => name === 'early')
      if (!early) throw new Error('no such table')
      const chunk = point.readChunk(early, { from: null, to: '3' })[Symbol.asyncIterator]()
      await chunk.next()
      // It has begun, and waits for the chunk's lock, when the chunk is compared.
      const swap = other.run(
        'RENAME TABLE bank.early TO bank.z, bank.late TO bank.early, bank.z TO bank.late',
      )
      expect(await settledWithin(swap, 500)).toBe(false)
      const rest = async (): Promise<void> => {
        while (!(await chunk.next()).done) {}
        await swap
        // Another table's chunk notices, and goes on; this one's may not.
        await readRange(point, 'accounts', WHOLE_TABLE)
        await readRange(point, 'early', { from: '3', to: null })
      }
      await expect(rest()).rejects.toMatchObject({ code: 'NOT_CONSISTENT' })
      await swap
    } finally {
      await point.close()
      await other.close()
      await admin.run('DROP TABLE bank.early, bank.late')
      await admin.run('DROP USER unfenced@localhost')
    }
  })

  test('a column that is dropped and added again before its table is read is found', async () => {
    await makeUnfenced()
    await admin.run('CREATE TABLE bank.noted (id INT PRIMARY KEY, note VARCHAR(20))')
    try {
      for (const isBounded of [true, false]) {
        await admin.run("REPLACE INTO bank.noted VALUES (1, 'one')")
        const point = await open({ connect: { ...server.administrator, user: 'unfenced' } })
        try {
          // At once on both engines: neither the definition nor InnoDB's number is another one then.
          await admin.run('ALTER TABLE bank.noted DROP note, ADD note VARCHAR(20)')
          const table = point.catalog.tables.find(({ name }) => name === 'noted')
          if (!table) throw new Error('no such table')
          const reading = async (): Promise<void> => {
            if (isBounded) await point.keyBounds(table)
            await readRange(point, 'noted', WHOLE_TABLE)
            await point.finish()
          }
          await expect(reading()).rejects.toMatchObject({ code: 'NOT_CONSISTENT' })
        } finally {
          await point.close()
        }
      }
    } finally {
      await admin.run('DROP TABLE bank.noted')
      await admin.run('DROP USER unfenced@localhost')
    }
  })

  test('without a lock and without PROCESS: swaps are told, of one that waits since before, too', async () => {
    await admin.run("CREATE USER poor@localhost IDENTIFIED BY ''")
    await admin.run('GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE ON bank.* TO poor@localhost')
    await admin.run('GRANT SELECT ON mysql.* TO poor@localhost')
    // Its fence is raised for a lock that it may not take, and lowered again.
    if (family === 'mysql') await admin.run('GRANT BACKUP_ADMIN ON *.* TO poor@localhost')
    await admin.run('CREATE TABLE bank.early (id INT PRIMARY KEY, a INT)')
    await admin.run('CREATE TABLE bank.late LIKE bank.early')
    await admin.run('INSERT INTO bank.early VALUES (1, 1)')
    await admin.run('INSERT INTO bank.late VALUES (1, 2)')
    const swap = 'RENAME TABLE bank.early TO bank.z, bank.late TO bank.early, bank.z TO bank.late'
    const other = await engine.connect(server.administrator)
    const poor = { connect: { ...server.administrator, user: 'poor' } }
    try {
      const point = await open(poor)
      try {
        await admin.run(swap)
        const ended = readRange(point, 'early', WHOLE_TABLE).then(() => point.finish())
        if (family === 'mysql') {
          const { method, steps } = await ended
          expect(method).toBe('single-reader')
          expect(steps.join()).not.toContain('LOCK INSTANCE')
          expect(point.findings.join()).toContain('GRANT PROCESS to it')
        } else await expect(ended).rejects.toMatchObject({ code: 'NOT_CONSISTENT' })
      } finally {
        await point.close()
      }
      await admin.run('START TRANSACTION')
      await admin.rows('SELECT * FROM bank.early')
      const swapping = other.run(swap)
      expect(await settledWithin(swapping, 300)).toBe(false)
      const opening = open(poor)
      const waiting = await settledWithin(opening, 2500)
      await admin.run('COMMIT')
      await swapping
      const late = await opening
      try {
        const [row] = await admin.rows('SELECT a FROM bank.early')
        expect(await readRange(late, 'early', WHOLE_TABLE)).toBe(`1\t${row?.['a']}\n`)
        expect(waiting).toBe(false)
        await late.finish()
      } finally {
        await late.close()
      }
    } finally {
      await other.close()
      await admin.run('DROP TABLE bank.early, bank.late')
      await admin.run('DROP USER poor@localhost')
    }
  })

  test('a table that somebody fills for long: begins no backup, and ends none', async () => {
    await makeUnfenced()
    const other = await engine.connect(server.administrator)
    const fill = () => other.run('CREATE TABLE bank.filled SELECT SLEEP(60) AS s').catch(() => {})
    const point = await open({ connect: { ...server.administrator, user: 'unfenced' } })
    let filling: Promise<unknown> | null = null
    try {
      await readBank(point)
      filling = fill()
      await expect.poll(async () => await isRunning(admin, other)).toBe(true)
      await point.finish()
      await point.close()
      await expect(open()).rejects.toMatchObject({
        code: 'NOT_CONSISTENT',
        what: 'the definitions of the tables could not be read in time',
      })
    } finally {
      await point.close()
      await admin.run(`KILL CONNECTION ${other.connectionId}`)
      await filling
      await other.close()
      await admin.run('DROP TABLE IF EXISTS bank.filled')
      await admin.run('DROP USER unfenced@localhost')
    }
  })

  test.runIf(family === 'mariadb')(
    'a swap that has the one table and waits for a reader with the other is not waited for by the next reader, or the same',
    async () => {
      // Without BINLOG ADMIN a reader keeps the locks of what it has read.
      await admin.run("CREATE USER keeping@localhost IDENTIFIED BY ''")
      await admin.run(
        'GRANT SELECT, RELOAD, SHOW VIEW, TRIGGER, EVENT, PROCESS, LOCK TABLES ON *.* TO keeping@localhost',
      )
      await admin.run('CREATE TABLE bank.early (id INT PRIMARY KEY, a INT)')
      await admin.run('CREATE TABLE bank.late LIKE bank.early')
      await admin.run('INSERT INTO bank.late VALUES (1, 1)')
      const other = await engine.connect(server.administrator)
      try {
        // The server sees the deadlock where there is one reader, and ends its transaction.
        for (const readers of [1, 2]) {
          const point = await open({
            connect: { ...server.administrator, user: 'keeping' },
            readers,
          })
          const late = point.catalog.tables.find(({ name }) => name === 'late')
          if (!late) throw new Error('no such table')
          if (readers === 1) await readRange(point, 'late', WHOLE_TABLE)
          else await point.readChunk(late, WHOLE_TABLE)[Symbol.asyncIterator]().next()
          const swap = other.run('RENAME TABLE bank.late TO bank.z, bank.early TO bank.late')
          expect(await settledWithin(swap, 300)).toBe(false)
          await expect(readRange(point, 'early', WHOLE_TABLE)).rejects.toMatchObject({
            code: 'NOT_CONSISTENT',
            why: expect.stringContaining('some waits for table bank.early'),
          })
          await point.close()
          await swap
          await other.run('RENAME TABLE bank.late TO bank.early, bank.z TO bank.late')
        }
      } finally {
        await other.close()
        await admin.run('DROP TABLE IF EXISTS bank.early, bank.late, bank.z')
        await admin.run('DROP USER keeping@localhost')
      }
    },
  )

  test('a table that is there at the point alone, and in neither look at the catalog', async () => {
    const brief = await engine.connect(server.administrator)
    // What is looked at first keeps the second look busy for as long as the DROP takes.
    await admin.run('CREATE DATABASE aaa')
    for (let n = 0; n < 60; n += 1) await admin.run(`CREATE TABLE aaa.t${n} (id INT)`)
    const others = (await transactionsSoFar(admin, family)) as number
    const savepoints = async (): Promise<unknown> =>
      (await brief.rows("SHOW GLOBAL STATUS LIKE 'Com_savepoint'"))[0]?.['Value']
    const before = await savepoints()
    let life: Promise<unknown> | null = null
    const live = async (): Promise<void> => {
      await brief.run('CREATE TABLE bank.brief (id INT)')
      // Each reader's, in its transaction: the lock keeps what follows waiting.
      while (life !== null && (await savepoints()) === before) await sleep(1)
      await brief.run('DROP TABLE bank.brief')
    }
    const point = await open({
      databases: ['aaa', 'bank'],
      onStep() {
        life ??= live()
      },
    })
    try {
      const isIn = point.catalog.tables.some(({ name }) => name === 'brief')
      // Made, and dropped, unless it is among the tables.
      expect(transactionsAt(point, family) - others).toBe(isIn ? 1 : 2)
    } finally {
      const lived = life
      life = null
      await point.close()
      await lived
      await brief.close()
      await admin.run('DROP DATABASE aaa')
    }
  })

  test('a table that is dropped between the first look and the lock is looked for no more', async () => {
    await makeUnfenced()
    await admin.run('REVOKE RELOAD ON *.* FROM unfenced@localhost')
    await admin.run('CREATE TABLE bank.brief (id INT)')
    const other = await engine.connect(server.administrator)
    await other.run('LOCK TABLES bank.brief WRITE')
    let dropping: Promise<void> | null = null
    const drop = async (): Promise<void> => {
      // The lock on all tables waits for this one.
      const waits = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'LOCK %'"
      await expect.poll(async () => Number(await admin.value(waits))).toBe(1)
      await other.run('DROP TABLE bank.brief')
      await other.run('UNLOCK TABLES')
    }
    try {
      const point = await open({
        connect: { ...server.administrator, user: 'unfenced' },
        onStep() {
          dropping ??= drop()
        },
      })
      expect(point.catalog.tables.map(({ name }) => name)).not.toContain('brief')
      expect((await point.finish()).method).toBe('lock-tables')
      await point.close()
    } finally {
      await dropping
      await other.close()
      await admin.run('DROP TABLE IF EXISTS bank.brief')
      await admin.run('DROP USER unfenced@localhost')
    }
  })

  test('what has begun before the first look ends before the point, and is taken back behind it', async () => {
    await makeUnfenced()
    await admin.run('GRANT REPLICATION CLIENT ON *.* TO unfenced@localhost')
    const [other, holder] = [
      await engine.connect(server.administrator),
      await engine.connect(server.administrator),
    ]
    await makeExchangeable()
    await sleep(1000)
    const others = await transactionsSoFar(admin, family)
    // An EXCHANGE waits for who reads the table; MySQL, which waits for that itself, does not list what CREATE … SELECT fills.
    const exchange = 'ALTER TABLE bank.parted EXCHANGE PARTITION p0 WITH TABLE bank.late'
    const fill = 'CREATE TABLE bank.brief SELECT SLEEP(3) AS s'
    const [there, back] =
      family === 'mysql' ? [fill, 'DROP TABLE bank.brief'] : [exchange, exchange]
    await holder.run('START TRANSACTION')
    await holder.rows('SELECT * FROM bank.late')
    const begun = other.run(there)
    await expect.poll(async () => await isRunning(admin, other)).toBe(true)
    // Once the lock is gone.
    const [counter, last] = family === 'mysql' ? ['Com_unlock_tables', 1] : ['Com_backup', 5]
    const counted = async (): Promise<number> =>
      Number((await holder.rows(`SHOW GLOBAL STATUS LIKE '${counter}'`))[0]?.['Value'])
    let life: Promise<unknown> | null = null
    const takenBack = async (): Promise<void> => {
      await holder.run('ROLLBACK')
      await begun
      const before = await counted()
      while (life !== null && (await counted()) < before + Number(last)) await sleep(1)
      await other.run(back)
    }
    const point = await open({
      connect: { ...server.administrator, user: 'unfenced' },
      databases: ['aaa', 'bank'],
      onStep() {
        life ??= takenBack()
      },
    })
    try {
      const isBegun = (transactionsAt(point, family) - others) % 2 === 1
      const tables = point.catalog.tables.map(({ name }) => name)
      if (family === 'mysql') expect(tables.includes('brief')).toBe(isBegun)
      else expect(await readRange(point, 'late', WHOLE_TABLE)).toBe(`1\t${isBegun ? 1 : 0}\n`)
    } finally {
      const lived = life
      life = null
      await point.close()
      await lived
      for (const one of [other, holder]) await one.close()
      await admin.run('DROP USER unfenced@localhost')
      await admin.run('DROP TABLE bank.late, bank.parted')
      await admin.run('DROP DATABASE aaa')
    }
  })

  test.each(['root', 'unfenced'])(
    'a partition that is exchanged at the point alone, and at neither look at the catalog, as %s',
    async user => {
      await makeUnfenced()
      await admin.run('GRANT REPLICATION CLIENT ON *.* TO unfenced@localhost')
      const other = await engine.connect(server.administrator)
      await makeExchangeable()
      const others = await transactionsSoFar(admin, family)
      const savepoints = async (): Promise<unknown> =>
        (await other.rows("SHOW GLOBAL STATUS LIKE 'Com_savepoint'"))[0]?.['Value']
      const before = await savepoints()
      let life: Promise<unknown> | null = null
      const exchange = () =>
        other.run('ALTER TABLE bank.parted EXCHANGE PARTITION p0 WITH TABLE bank.late')
      const thereAndBack = async (): Promise<void> => {
        await exchange()
        while (life !== null && (await savepoints()) === before) await sleep(1)
        await exchange()
      }
      const point = await open({
        connect: { ...server.administrator, user },
        databases: ['aaa', 'bank'],
        onStep() {
          life ??= thereAndBack()
        },
      })
      try {
        const at = (transactionsAt(point, family) - others) % 2
        expect(await readRange(point, 'late', WHOLE_TABLE)).toBe(`1\t${at}\n`)
      } finally {
        const lived = life
        life = null
        await point.close()
        await lived
        await other.close()
        await admin.run('DROP USER unfenced@localhost')
        await admin.run('DROP TABLE bank.late, bank.parted')
        await admin.run('DROP DATABASE aaa')
      }
    },
  )

  test('tables that are alike and swap their rows fail the backup, or are hidden and told', async () => {
    const seen = 'SELECT, RELOAD, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES'
    for (const [name, rights] of [
      ['unfenced', `${seen}, PROCESS`],
      ['blind', seen],
    ]) {
      await admin.run(`CREATE USER ${name}@localhost IDENTIFIED BY ''`)
      await admin.run(`GRANT ${rights} ON *.* TO ${name}@localhost`)
      // Else its metadata locks keep MariaDB's DDL out.
      if (family === 'mariadb') await admin.run(`GRANT BINLOG ADMIN ON *.* TO ${name}@localhost`)
    }
    await admin.run('CREATE TABLE bank.early (id INT PRIMARY KEY, a INT)')
    await admin.run('CREATE TABLE bank.late LIKE bank.early')
    await admin.run('CREATE TABLE bank.parted LIKE bank.early')
    await admin.run(
      'ALTER TABLE bank.parted PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (9))',
    )
    for (const [n, table] of ['early', 'late', 'parted'].entries())
      await admin.run(`INSERT INTO bank.${table} VALUES (1, ${n})`)
    const exchange = 'ALTER TABLE bank.parted EXCHANGE PARTITION p0 WITH TABLE bank.late'
    const rename = 'RENAME TABLE bank.early TO bank.z, bank.late TO bank.early, bank.z TO bank.late'
    const isOfSwaps = (finding: string): boolean => finding.includes('GRANT PROCESS to it')
    const as = (user: string) => open({ connect: { ...server.administrator, user } })
    try {
      for (const swap of [exchange, rename]) {
        // Before the rows are read; in between; and taken back before the end.
        const late = await as('unfenced')
        await admin.run(swap)
        await expect(
          readRange(late, 'late', WHOLE_TABLE).then(() => late.finish()),
        ).rejects.toMatchObject({ code: 'NOT_CONSISTENT' })
        await late.close()
        const between = await as('unfenced')
        await readRange(between, 'late', WHOLE_TABLE)
        await admin.run(swap)
        await expect(between.finish()).rejects.toMatchObject({ code: 'NOT_CONSISTENT' })
        await between.close()
        const back = await as('unfenced')
        await admin.run(swap)
        const reading = readRange(back, 'late', WHOLE_TABLE)
        await expect(reading).rejects.toMatchObject({ code: 'NOT_CONSISTENT' })
        await admin.run(swap)
        await back.close()
      }
      const blind = await as('blind')
      await admin.run(exchange)
      await readRange(blind, 'late', WHOLE_TABLE)
      await blind.finish()
      expect(blind.findings.filter(isOfSwaps)).toHaveLength(1)
      await blind.close()
      const calm = await as('blind')
      await calm.finish()
      expect(calm.findings.filter(isOfSwaps)).toEqual([])
      await calm.close()
    } finally {
      for (const table of ['early', 'late', 'parted']) await admin.run(`DROP TABLE bank.${table}`)
      for (const name of ['unfenced', 'blind']) await admin.run(`DROP USER ${name}@localhost`)
    }
  })

  /** Of more partitions than have their numbers read each time, and one that can be exchanged. */
  async function makeMany(): Promise<void> {
    const partitions = Array.from({ length: 501 }, (_, n) => `PARTITION p${n} VALUES IN (${n})`)
    await admin.run('CREATE TABLE bank.late (id INT PRIMARY KEY, a INT)')
    await admin.run('CREATE TABLE bank.early LIKE bank.late')
    await admin.run('CREATE TABLE bank.parted LIKE bank.late')
    await admin.run(`ALTER TABLE bank.parted PARTITION BY LIST (id) (${partitions.join()})`)
    await admin.run('INSERT INTO bank.late VALUES (1, 0)')
    await admin.run('INSERT INTO bank.parted VALUES (1, 1)')
    await admin.run("CREATE USER lockless@localhost IDENTIFIED BY ''")
    await admin.run(
      `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, PROCESS${family === 'mariadb' ? ', BINLOG ADMIN' : ''} ON *.* TO lockless@localhost`,
    )
  }

  test('of many tables the numbers are read again where they may have been swapped, and only there', async () => {
    await makeUnfenced()
    if (family === 'mariadb') await admin.run('GRANT BINLOG ADMIN ON *.* TO unfenced@localhost')
    await makeMany()
    const [other, writer] = [
      await engine.connect(server.administrator),
      await engine.connect(server.administrator),
    ]
    const exchange = 'ALTER TABLE bank.parted EXCHANGE PARTITION p1 WITH TABLE bank.late'
    const swap = 'RENAME TABLE bank.late TO bank.z, bank.early TO bank.late, bank.z TO bank.early'
    const isChanged = { code: 'NOT_CONSISTENT', why: expect.stringContaining('is another one') }
    const looks = async (): Promise<number> =>
      Number(
        await admin.value(
          "SELECT COUNT(*) FROM mysql.general_log WHERE command_type IN ('Query', 'Execute') AND argument LIKE '%TABLE_ID, %INNODB%TABLES' AND argument NOT LIKE '%general_log%'",
        ),
      )
    try {
      await admin.run("SET GLOBAL log_output = 'TABLE'")
      await admin.run('SET GLOBAL general_log = ON')
      const calm = await open({ connect: { ...server.administrator, user: 'unfenced' } })
      const before = await looks()
      expect(before).toBeGreaterThan(0)
      await other.run('CREATE TEMPORARY TABLE bank.passing (id INT)')
      await other.run('DROP TEMPORARY TABLE bank.passing')
      await other.run('CREATE TABLE bank.new_one (id INT)')
      expect((await readBank(calm)).sum).toBe(ACCOUNTS * BALANCE)
      expect(await looks()).toBe(before)
      await calm.finish()
      await calm.close()
      for (const there of [swap, exchange]) {
        const point = await open({ connect: { ...server.administrator, user: 'unfenced' } })
        await other.run(there)
        const isExchange = there === exchange
        await expect(readRange(point, 'late', WHOLE_TABLE)).rejects.toMatchObject(
          isExchange ? isChanged : { code: 'NOT_CONSISTENT' },
        )
        await other.run(there)
        await point.close()
      }
      // One that was counted before, and waits for a writer: MySQL shows nobody the numbers beside it, and MariaDB stages the backup.
      for (const user of family === 'mysql' ? [] : ['lockless', 'unfenced']) {
        await writer.run('START TRANSACTION')
        await writer.run('UPDATE bank.late SET a = a')
        const exchanged = other.run(exchange)
        await expect.poll(async () => await isRunning(admin, other)).toBe(true)
        const point = await open({ connect: { ...server.administrator, user } })
        await writer.run('ROLLBACK')
        await exchanged
        await expect(readRange(point, 'late', WHOLE_TABLE)).rejects.toMatchObject(isChanged)
        await other.run(exchange)
        await point.close()
      }
    } finally {
      await admin.run('SET GLOBAL general_log = OFF')
      await admin.run("SET GLOBAL log_output = 'FILE'")
      for (const one of [writer, other]) await one.close()
      await admin.run('DROP TABLE IF EXISTS bank.late, bank.parted, bank.early, bank.new_one')
      for (const user of ['unfenced', 'lockless']) await admin.run(`DROP USER ${user}@localhost`)
    }
  })

  test('a long statement stops no one, and is not waited for', async () => {
    const busy = await engine.connect({ ...server.administrator, database: 'bank' })
    const long = busy.rows('SELECT SLEEP(600) FROM accounts LIMIT 1').catch(() => {})
    try {
      await untilOld(admin, busy, 'Query')
      const point = await open({ longStatementSeconds: 1, waitSeconds: 1 })
      expect((await readBank(point)).sum).toBe(ACCOUNTS * BALANCE)
      await point.finish()
      await point.close()
      await requireWritable(engine, server)
    } finally {
      await admin.run(`KILL CONNECTION ${busy.connectionId}`)
      await long
      await busy.close()
    }
  })

  test('a transaction that has written and stays open', async () => {
    const idle = await engine.connect({ ...server.administrator, database: 'bank' })
    await idle.run('START TRANSACTION')
    await idle.run('UPDATE accounts SET balance = balance + 1000000 WHERE id = 3')
    try {
      // MySQL cannot lock the tables then, but stop commits; MariaDB does that always.
      await untilOld(admin, idle, 'Sleep')
      const point = await open({ longStatementSeconds: 1, waitSeconds: 1 })
      expect((await readBank(point)).sum).toBe(ACCOUNTS * BALANCE)
      const { method } = await point.finish()
      expect(method).toBe(family === 'mysql' ? 'ftwrl' : 'backup-stage')
      await point.close()
      if (family === 'mysql') {
        // And with a statement beside it that runs for long, nothing can be done without harm.
        const busy = await engine.connect({ ...server.administrator, database: 'bank' })
        const long = busy.rows('SELECT SLEEP(600) FROM transfers LIMIT 1').catch(() => {})
        await untilOld(admin, busy, 'Query')
        await expect(open({ longStatementSeconds: 1, waitSeconds: 1 })).rejects.toMatchObject({
          code: 'NOT_CONSISTENT',
          why: expect.stringMatching(`connection (${busy.connectionId}|${idle.connectionId}) `),
        })
        await requireWritable(engine, server)
        await admin.run(`KILL CONNECTION ${busy.connectionId}`)
        await long
        await busy.close()
      }
    } finally {
      await idle.run('ROLLBACK')
      await idle.close()
    }
    await requireWritable(engine, server)
  })

  test('a lock that someone else holds is given up in time, and nothing stays locked', async () => {
    const holder = await engine.connect(server.administrator)
    await holder.run('LOCK TABLES bank.accounts WRITE')
    try {
      await expect(open({ waitSeconds: 1, lockSeconds: 1 })).rejects.toMatchObject({
        code: 'NOT_CONSISTENT',
      })
    } finally {
      await holder.close()
    }
    await requireWritable(engine, server)
  })

  test('an account that does not see everything is refused; named databases are enough', async () => {
    await admin.run("CREATE USER blind@localhost IDENTIFIED BY ''")
    const connect = { ...server.administrator, user: 'blind' }
    try {
      await admin.run('GRANT SELECT, SHOW VIEW, EVENT, LOCK TABLES ON bank.* TO blind@localhost')
      await admin.run('GRANT SELECT ON mysql.* TO blind@localhost')
      await expect(open({ connect })).rejects.toMatchObject({
        code: 'PRIVILEGE_MISSING',
        why: expect.stringMatching(/^it lacks TRIGGER(, SHOW_ROUTINE .*)? on bank$/),
        hints: expect.arrayContaining([
          'as an administrator: GRANT TRIGGER ON `bank`.* TO the account',
        ]),
      })
      await admin.run('GRANT TRIGGER ON bank.* TO blind@localhost')
      if (family === 'mysql') {
        await expect(open({ connect })).rejects.toMatchObject({
          why: 'it lacks SHOW_ROUTINE or CREATE ROUTINE or ALTER ROUTINE or EXECUTE on bank',
        })
        await admin.run('GRANT EXECUTE ON bank.* TO blind@localhost')
      }
      await (await open({ connect })).close()
      await expect(open({ connect, databases: null })).rejects.toMatchObject({
        code: 'PRIVILEGE_MISSING',
        why: expect.stringMatching(/^it lacks SELECT, SHOW VIEW, TRIGGER, EVENT.* on \*\.\*$/),
        hints: expect.arrayContaining([
          'as an administrator: GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO the account',
        ]),
      })
      if (family === 'mysql') await requireRevokesSeen(connect)
    } finally {
      await admin.run('DROP USER blind@localhost')
    }
  })

  /** MySQL's partial revokes: everything is held on everything, but for one database. */
  async function requireRevokesSeen(connect: ConnectOptions): Promise<void> {
    await admin.run('SET GLOBAL partial_revokes = ON')
    await admin.run('GRANT SELECT, SHOW VIEW, EVENT, TRIGGER ON *.* TO blind@localhost')
    await admin.run('REVOKE ALL ON bank.* FROM blind@localhost')
    await admin.run('REVOKE SELECT, SHOW VIEW, EVENT, TRIGGER ON bank.* FROM blind@localhost')
    for (const databases of [null, ['bank']]) {
      await expect(open({ connect, databases })).rejects.toMatchObject({
        code: 'PRIVILEGE_MISSING',
        why: expect.stringMatching(/^it lacks SELECT, SHOW VIEW, TRIGGER, EVENT.* on bank$/),
      })
    }
  }

  test('two backups of one server at once: the second is told so', async () => {
    const point = await open()
    try {
      await expect(open()).rejects.toMatchObject({ code: 'LOCKED' })
    } finally {
      await point.close()
    }
    await (await open()).close()
  })

  test('tables that cannot be read at one point are refused by name', async () => {
    await admin.run('CREATE TABLE bank.part (id INT, KEY (id)) ENGINE=MyISAM')
    await admin.run('CREATE TABLE bank.merged (id INT, KEY (id)) ENGINE=MERGE UNION=(bank.part)')
    await admin.run("CREATE USER unlocking@localhost IDENTIFIED BY ''")
    await admin.run(
      'GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, PROCESS ON *.* TO unlocking@localhost',
    )
    try {
      const error = await open().catch(caught => caught)
      expect(error).toMatchObject({ code: 'UNSUPPORTED' })
      expect(error.why).toMatch(/^bank.merged \(MRG_MYISAM\)$/i)
      await admin.run('DROP TABLE bank.merged')
      // Without a lock there is no point at which a table without transactions could be read.
      const connect = { ...server.administrator, user: 'unlocking' }
      await expect(open({ connect })).rejects.toMatchObject({
        code: 'UNSUPPORTED',
        why: 'bank.part (MyISAM)',
      })
    } finally {
      await admin.run('DROP TABLE IF EXISTS bank.merged, bank.part')
      await admin.run('DROP USER unlocking@localhost')
    }
  })

  test('a reader that lags makes the server wait, in bounded memory', async () => {
    await admin.run('CREATE TABLE bank.large (id INT PRIMARY KEY, a LONGTEXT)')
    await admin.run(`INSERT INTO bank.large SELECT id, REPEAT('x', 300000) FROM bank.accounts`)
    const reader = await engine.logicalReader.openQuiet({
      connect: server.administrator,
      readers: 1,
    })
    try {
      const table = await tableOf(engine, admin, 'large')
      const held = []
      const blocks = reader.readChunk(table, WHOLE_TABLE)[Symbol.asyncIterator]()
      let next = blocks.next()
      while (await settledWithin(next, 400)) {
        const { value, done } = await next
        if (done) throw new Error('all blocks came')
        held.push(value)
        next = blocks.next()
      }
      expect(held.length).toBeLessThan(9)
      let rows = 0
      for (const block of held) {
        rows += block.rows
        block.release()
      }
      for (let one = await next; !one.done; one = await blocks.next()) {
        rows += one.value.rows
        one.value.release()
      }
      expect(rows).toBe(ACCOUNTS)
    } finally {
      await reader.close()
      await admin.run('DROP TABLE bank.large')
    }
  })

  test('a killed statement, a killed connection and a loop that is left early', async () => {
    await admin.run('CREATE TABLE bank.slow (id INT PRIMARY KEY, a TEXT)')
    await admin.run("INSERT INTO bank.slow SELECT id, REPEAT('x', 60000) FROM bank.accounts")
    const table = await tableOf(engine, admin, 'slow')
    const slow = {
      ...table,
      columns: [...table.columns, { name: 's', read: 'SLEEP(0.5)', store: null }],
    }
    const reader = await engine.logicalReader.openQuiet({
      connect: server.administrator,
      readers: 1,
    })
    const read = async (): Promise<number> => {
      let rows = 0
      for await (const block of reader.readChunk(slow, WHOLE_TABLE)) {
        rows += block.rows
        block.release()
      }
      return rows
    }
    try {
      for await (const block of reader.readChunk(table, WHOLE_TABLE)) {
        block.release()
        break
      }
      expect(await reader.countRows(table)).toBe(ACCOUNTS)
      // Who expects it does so before it comes: the answer to KILL may be the slower one.
      const killed = expect(read()).rejects.toMatchObject({ code: 'SERVER_REFUSED' })
      await killSleeper(admin, 'QUERY')
      // SLEEP in a SELECT list that is killed ends early on one engine, and fails on the other.
      await killed
      expect(await reader.countRows(table)).toBe(ACCOUNTS)
      const lost = expect(read()).rejects.toMatchObject({ code: 'SERVER_LOST' })
      await killSleeper(admin, 'CONNECTION')
      await lost
      await expect(reader.countRows(table)).rejects.toMatchObject({ code: 'SERVER_LOST' })
    } finally {
      await reader.close()
      await admin.run('DROP TABLE bank.slow')
    }
  })
})

async function makeBank(session: Session): Promise<void> {
  await session.run('CREATE DATABASE bank')
  await session.run('CREATE TABLE bank.accounts (id INT PRIMARY KEY, balance INT NOT NULL)')
  await session.run(
    'CREATE TABLE bank.transfers (id BIGINT AUTO_INCREMENT PRIMARY KEY, amount INT NOT NULL)',
  )
  const rows = Array.from({ length: ACCOUNTS }, (_, id) => `(${id}, ${BALANCE})`)
  await session.run(`INSERT INTO bank.accounts VALUES ${rows.join()}`)
}

/** 8 sessions, each moving money in transactions of three statements, until stopped. */
async function moveMoney(connect: () => Promise<Session>): Promise<{ stop: () => Promise<void> }> {
  let running = true
  const sessions = await Promise.all(Array.from({ length: 8 }, connect))
  const work = sessions.map(async (session, index) => {
    for (let n = index; running; n += 7) {
      const [low, high] = [n % ACCOUNTS, (n * 31 + 1) % ACCOUNTS].sort((a, b) => a - b)
      if (low === high) continue
      await session.run('START TRANSACTION')
      await session.run('UPDATE accounts SET balance = balance - 5 WHERE id = ?', [low ?? 0])
      await session.run('UPDATE accounts SET balance = balance + 5 WHERE id = ?', [high ?? 0])
      await session.run('INSERT INTO transfers (amount) VALUES (5)')
      await session.run('COMMIT')
    }
  })
  return {
    async stop() {
      running = false
      await Promise.all(work)
      await Promise.all(sessions.map(session => session.close()))
    },
  }
}

/** Three ranges side by side, so that different readers read them. */
async function readBank(point: ConsistentPoint): Promise<{ sum: number; transfers: number }> {
  const ranges: KeyRange[] = [
    { from: null, to: '20' },
    { from: '20', to: '40' },
    { from: '40', to: null },
  ]
  const parts = await Promise.all(ranges.map(range => readRange(point, 'accounts', range)))
  const transfers = await readRange(point, 'transfers', WHOLE_TABLE)
  const balances = parts
    .join('')
    .trim()
    .split('\n')
    .map(line => Number(line.split('\t')[1]))
  expect(balances.length).toBe(ACCOUNTS)
  return {
    sum: balances.reduce((sum, balance) => sum + balance, 0),
    transfers: transfers.split('\n').length - 1,
  }
}

async function readRange(point: ConsistentPoint, name: string, range: KeyRange): Promise<string> {
  const table = point.catalog.tables.find(one => one.name === name)
  if (!table) throw new Error(`no table ${name}`)
  let text = ''
  for await (const block of point.readChunk(table, range)) {
    text += Buffer.from(block.bytes).toString()
    block.release()
  }
  return text
}

/** The last transaction's number: mysql "uuid:1-42", mariadb "0-1-42". */
function lastNumber(gtidSet: string): number {
  return Number(/(\d+)$/.exec(gtidSet)?.[1])
}

function transactionsAt({ position }: ConsistentPoint, family: EngineFamily): number {
  expect(position.engine).toBe(family)
  expect(position.offset).toBeGreaterThan(0)
  return lastNumber(position.gtidSet)
}

async function transactionsSoFar(session: Session, family: EngineFamily): Promise<number> {
  const variable = family === 'mysql' ? 'gtid_executed' : 'gtid_binlog_pos'
  return lastNumber((await session.value(`SELECT @@global.${variable}`)) ?? '')
}

async function settledWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const settled = work.then(
    () => true,
    () => true,
  )
  return await Promise.race([settled, sleep(ms, false)])
}

/** Another session writes; it would fail after a second if a lock were left behind. */
async function requireWritable(engine: Engine, server: RunningServer): Promise<void> {
  const session = await engine.connect({ ...server.administrator, database: 'bank' })
  try {
    await session.run('SET SESSION lock_wait_timeout = 1')
    await session.run('UPDATE accounts SET balance = balance WHERE id = 1')
    await session.run('CREATE TABLE written (id INT)')
    await session.run('DROP TABLE written')
  } finally {
    await session.close()
  }
}

async function tableOf(engine: Engine, session: Session, name: string) {
  const { tables } = await engine.logicalReader.readCatalog(session, ['bank'])
  const table = tables.find(one => one.name === name)
  if (!table) throw new Error(`no table ${name}`)
  return table
}

/** Until a session has been at a statement, or idle, for two seconds, as the server counts them. */
async function untilOld(admin: Session, { connectionId }: Session, command: 'Query' | 'Sleep') {
  const age = `SELECT time FROM information_schema.processlist WHERE id = ${connectionId} AND command = '${command}'`
  await expect.poll(async () => Number(await admin.value(age))).toBeGreaterThanOrEqual(2)
}

/** A statement of that session. */
async function isRunning(admin: Session, { connectionId }: Session): Promise<boolean> {
  const rows = await admin.rows('SHOW PROCESSLIST')
  return rows.some(row => Number(row['Id']) === connectionId && row['Command'] === 'Query')
}

/** Ends what is sleeping in SLEEP(), once it is. */
async function killSleeper(admin: Session, what: 'QUERY' | 'CONNECTION'): Promise<void> {
  const sleepers = async () =>
    (await admin.rows('SHOW PROCESSLIST')).filter(
      row => String(row['Info']).includes('SELECT `id`') && row['Command'] === 'Query',
    )
  await expect.poll(sleepers).toHaveLength(1)
  const [sleeper] = await sleepers()
  await admin.run(`KILL ${what} ${sleeper?.['Id']}`)
}
