import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { EcomdbError } from '#core/errors'
import type { EngineFamily } from '#domain/engine-family'
import type { Engine } from '#engine/engine'
import { openDirectoryTarget } from '#target/dir/directory-target'
import { type BackupPlace, withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'
import type { RestoreSequel } from '#workflow/restore/restore-options'

afterEach(() => {
  vi.unstubAllEnvs()
})

/** Its connection is killed when all is restored, and the journal is to go. */
function losingTheEnd(engine: Engine): Engine {
  const { logicalWriter } = engine
  return {
    ...engine,
    logicalWriter: {
      ...logicalWriter,
      async endJournal(session, binlog) {
        await session.run('KILL CONNECTION_ID()').catch(() => {})
        await logicalWriter.endJournal(session, binlog)
      },
    },
  }
}

/** It is killed between its two ends: the journal on the server is gone, and that of this host is not. */
function losingItself(engine: Engine): Engine {
  const { logicalWriter } = engine
  const endJournal: typeof logicalWriter.endJournal = async (session, ended) => {
    await logicalWriter.endJournal(session, ended)
    throw new Error('killed')
  }
  return { ...engine, logicalWriter: { ...logicalWriter, endJournal } }
}

/** It does not answer when it is asked for its log. */
function withoutAnswer(engine: Engine): Engine {
  const observe = async (): Promise<never> => {
    throw new EcomdbError('SERVER_REFUSED', { what: 'cannot ask', why: 'no answer' })
  }
  return { ...engine, binaryLog: { ...engine.binaryLog, observe } }
}

async function backUpShop(
  family: EngineFamily,
  folder: string,
  place: BackupPlace,
): Promise<string> {
  return await withServer(family, join(folder, 'source'), async (server, engine) => {
    const session = await engine.connect(server.administrator)
    await session.run('CREATE DATABASE shop')
    await session.run('CREATE TABLE shop.orders (id INT PRIMARY KEY)')
    await session.run('INSERT INTO shop.orders VALUES (1), (2)')
    await session.close()
    return await place.backUp(server)
  })
}

test.each(TEST_ENGINES)(
  '%s: a restore that loses its connection at the very end is continued',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await backUpShop(family, folder, place)
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        // Before anything is made: then there is none to continue.
        const unlogged = { binlog: false, archive: openDirectoryTarget(place.path) }
        await expect(place.restore(server, unlogged, withoutAnswer(engine))).rejects.toMatchObject({
          code: 'SERVER_REFUSED',
          hints: expect.arrayContaining(['nothing was changed']),
        })
        await expect(place.restore(server, {}, losingTheEnd(engine))).rejects.toMatchObject({
          code: 'SERVER_LOST',
        })
        const { outcome } = await place.restore(server, { resume: true })
        expect(outcome?.continuedRows).toBe(2)
        const session = await engine.connect(server.administrator)
        expect(await session.value("SHOW DATABASES LIKE 'ecomdb_restore'")).toBeNull()
        await session.close()
      })
    })
  },
)

test.each(TEST_ENGINES)(
  '%s: what tells of a restore that was cut short stays until that one has ended, whoever restores beside it',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      const snapshot = await backUpShop(family, folder, place)
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        const journal = () => session.value("SHOW DATABASES LIKE 'ecomdb_restore'")
        const refused = { code: 'PRIVILEGE_MISSING', hints: expect.arrayContaining([UNCHANGED]) }
        // Its journal is refused when the database is made.
        const reader = { ...server, administrator: { ...server.administrator, user: 'reader' } }
        for (const sql of READER) await session.run(sql)
        await expect(place.restore(reader)).rejects.toMatchObject(refused)
        expect(await journal()).toBeNull()

        const lost = { code: 'SERVER_LOST' }
        const losing = losingTheEnd(engine)
        await expect(place.restore(server, {}, losing)).rejects.toMatchObject(lost)
        const again = { startOver: true, binlog: false }
        await expect(place.restore(server, again, losing)).rejects.toMatchObject(lost)
        const [first, second] = [join(folder, 'state'), join(folder, 'of-another')]
        vi.stubEnv('ECOMDB_STATE', second)
        const beside = { databases: ['shop'], into: 'copy', confirm: 'copy' }
        await expect(place.restore(reader, beside)).rejects.toMatchObject(refused)
        expect((await place.restore(server, beside)).findings).toEqual([])
        expect((await place.report(server, ['shop'])).findings).toEqual([
          expect.stringContaining('a restore had not ended'),
        ])
        vi.stubEnv('ECOMDB_STATE', first)
        const resumed = { snapshot, resume: true, binlog: false }
        const { outcome } = await place.restore(server, resumed)
        expect(outcome?.continuedRows).toBe(2)
        expect(await journal()).toBeNull()
        await session.close()
      })
    })
  },
)

test.each(TEST_ENGINES)(
  '%s: a restore that was cut short touches no database that another has made since',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const name of ['shop', 'chat'])
          for (const sql of [`CREATE DATABASE ${name}`, `CREATE TABLE ${name}.t (id INT)`])
            await session.run(sql)
        await session.close()
        await place.backUp(server)
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        const journal = () => session.value("SHOW DATABASES LIKE 'ecomdb_restore'")
        const losing = losingTheEnd(engine)
        const both = { databases: ['shop', 'chat'], confirm: 'shop' }
        await expect(place.restore(server, both, losing)).rejects.toMatchObject({
          code: 'SERVER_LOST',
        })
        // The database that it made is dropped, and somebody else restores it from another account.
        await session.run('DROP DATABASE shop')
        const [first, second] = [join(folder, 'state'), join(folder, 'of-another')]
        vi.stubEnv('ECOMDB_STATE', second)
        await place.restore(server, { databases: ['shop'], confirm: 'shop' })
        await session.run('INSERT INTO shop.t VALUES (7)')
        expect(await journal()).toBe('ecomdb_restore')
        vi.stubEnv('ECOMDB_STATE', first)
        for (const how of [{ resume: true }, { startOver: true }]) {
          await expect(place.restore(server, { ...both, ...how })).rejects.toMatchObject({
            code: 'TARGET_NOT_EMPTY',
            what: expect.stringMatching(/another one has made shop since/),
          })
        }
        // When that one has everything of it, there is nothing that could be continued.
        await session.run('DROP DATABASE chat')
        vi.stubEnv('ECOMDB_STATE', second)
        await place.restore(server, { databases: ['chat'], confirm: 'chat' })
        expect(await journal()).toBeNull()
        vi.stubEnv('ECOMDB_STATE', first)
        for (const how of [{ resume: true }, { startOver: true }]) {
          await expect(place.restore(server, { ...both, ...how })).rejects.toMatchObject({
            code: 'TARGET_NOT_EMPTY',
            why: expect.stringContaining('another restore has made them since'),
            hints: expect.not.arrayContaining([expect.stringContaining('--start-over')]),
          })
        }
        expect(await session.value('SELECT id FROM shop.t')).toBe('7')
        expect((await place.report(server, ['shop'])).findings).toEqual([])
        await session.close()
      })
    })
  },
)

test.each(TEST_ENGINES)(
  '%s: a replay that was cut short drops no database that has no mark of it any more',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await backUpShop(family, folder, place)
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        const refused = {
          code: 'TARGET_NOT_EMPTY',
          why: expect.stringContaining('or the replayed log dropped the mark'),
          hints: expect.not.arrayContaining([expect.stringContaining('--start-over')]),
        }
        const [first, second] = [join(folder, 'state'), join(folder, 'of-another')]
        // What it had made is dropped, and somebody else restores it from another account.
        await expect(place.restore(server, { sequel: replay('cut short') })).rejects.toMatchObject({
          message: expect.stringContaining('cut short'),
        })
        await session.run('DROP DATABASE shop')
        vi.stubEnv('ECOMDB_STATE', second)
        await place.restore(server)
        await session.run('INSERT INTO shop.orders VALUES (7)')
        vi.stubEnv('ECOMDB_STATE', first)
        const again = { startOver: true, sequel: replay() }
        await expect(place.restore(server, again)).rejects.toMatchObject(refused)
        expect(await session.value('SELECT COUNT(*) FROM shop.orders')).toBe('3')

        // Nobody needs it: as the hint says. The next one is whole, and is killed all the same.
        await session.run('DROP DATABASE shop')
        vi.stubEnv('ECOMDB_STATE', join(folder, 'third'))
        const dying = losingItself(engine)
        await expect(place.restore(server, { sequel: replay() }, dying)).rejects.toThrow('killed')
        await session.run('INSERT INTO shop.orders VALUES (8)')
        await expect(place.restore(server, again)).rejects.toMatchObject(refused)
        expect(await session.value('SELECT COUNT(*) FROM shop.orders')).toBe('3')
        await session.close()
      })
    })
  },
)

test.each(TEST_ENGINES)(
  '%s: a mark without claims, as an older ecomdb has left, covers no database that another has made',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await backUpShop(family, folder, place)
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        await expect(place.restore(server, {}, losingTheEnd(engine))).rejects.toMatchObject({
          code: 'SERVER_LOST',
        })
        await session.run('DELETE FROM ecomdb_restore.made')
        // Nobody else has made anything: it is its own.
        expect((await place.restore(server, { resume: true, dryRun: true })).databases).toEqual([
          'shop',
        ])
        const [first, second] = [join(folder, 'state'), join(folder, 'of-another')]
        await session.run('DROP DATABASE shop')
        vi.stubEnv('ECOMDB_STATE', second)
        await place.restore(server)
        await session.run('INSERT INTO shop.orders VALUES (7)')
        vi.stubEnv('ECOMDB_STATE', first)
        for (const how of [{ resume: true }, { startOver: true }]) {
          await expect(place.restore(server, how)).rejects.toMatchObject({
            code: 'TARGET_NOT_EMPTY',
            what: expect.stringMatching(/another one has made shop since/),
          })
        }
        expect(await session.value('SELECT COUNT(*) FROM shop.orders')).toBe('3')

        // What is cut short while it claims leaves no mark.
        const restoreId = '01890000-0000-7000-8000-000000000001'
        await session.run(
          "CREATE TRIGGER ecomdb_restore.cut BEFORE INSERT ON ecomdb_restore.made FOR EACH ROW BEGIN IF NEW.name = 'chat' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'cut short'; END IF; END",
        )
        const opened = engine.logicalWriter.open({
          ...{ connect: server.administrator, restoreId, databases: ['mall', 'chat'] },
          ...{ writers: 1, binlog: true, method: 'insert', source: {} },
        })
        await expect(opened).rejects.toThrow('cannot keep the journal')
        expect(await engine.logicalWriter.isMarked(session, restoreId)).toBe(false)
        expect(
          await session.value("SELECT COUNT(*) FROM ecomdb_restore.made WHERE name = 'mall'"),
        ).toBe('0')
        await session.close()
      })
    })
  },
)

/** Of no log at all. */
const replay = (problem?: string): RestoreSequel => ({
  moment: 'the end',
  check: async () => [],
  async run() {
    if (problem !== undefined) throw new Error(problem)
  },
})

const UNCHANGED = 'nothing was changed'

const READER = [
  'CREATE USER reader@localhost',
  'GRANT ALL ON *.* TO reader@localhost WITH GRANT OPTION',
  'REVOKE INSERT ON *.* FROM reader@localhost',
]
