import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

afterEach(() => {
  vi.unstubAllEnvs()
})

test.each(TEST_ENGINES)('%s: names that can be taken for others', async family => {
  await withBackups(family, async ({ folder, place }) => {
    await withServer(family, join(folder, 'server'), async (server, engine) => {
      const session = await engine.connect(server.administrator)
      const isMariaDb = family === 'mariadb'
      for (const sql of [...TWO_OF_A_NAME, ...(isMariaDb ? SEQUENCES : [])]) await session.run(sql)
      // Both tables are in it: a look around the lock took one for the other, changed.
      await place.backUp(server)
      const restore = (table: string, into: string) =>
        place.restore(server, { tables: [table], into, confirm: into })
      await expect(restore('a.b.c', 'copy')).rejects.toMatchObject({
        code: 'USAGE',
        what: 'a.b.c can be 2 tables',
        hints: ["--table '`a`.`b.c`' is one of them", "--table '`a.b`.`c`' is one of them"],
      })
      await restore('`a`.`b.c`', 'copy')
      expect(await session.value('SELECT who FROM copy.`b.c`')).toBe('a/b.c')
      for (const name of ['ecomdb_restore', 'blank ', '', 'n'.repeat(65), '\u{1f4a5}']) {
        await expect(restore('a.t', name)).rejects.toMatchObject({ code: 'USAGE' })
      }
      // None of them was begun.
      const { notes } = await restore('a.t', 'n'.repeat(64))
      expect(notes.filter(note => note.includes('numbers'))).toEqual(
        isMariaDb ? [expect.stringMatching(/^table t takes numbers from `a\.b`\.`s`: /)] : [],
      )
      await session.close()
    })
  })
})

test.runIf(TEST_ENGINES.includes('mysql'))(
  'mysql: a database with a library is not empty',
  async () => {
    await withBackups('mysql', async ({ folder, place }) => {
      await withServer('mysql', join(folder, 'server'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of TWO_OF_A_NAME) await session.run(sql)
        await place.backUp(server)
        await session.run('CREATE DATABASE libraries')
        await session.run(
          "CREATE LIBRARY libraries.one LANGUAGE JAVASCRIPT AS 'export function f() { return 1 }'",
        )
        const beside = { tables: ['a.t'], into: 'libraries', confirm: 'libraries' }
        await expect(place.restore(server, beside)).rejects.toMatchObject({
          code: 'TARGET_NOT_EMPTY',
          why: 'libraries holds 1 objects',
        })
        await session.close()
      })
    })
  },
)

const TWO_OF_A_NAME = [
  'CREATE DATABASE `a.b`',
  'CREATE DATABASE a',
  'CREATE TABLE `a.b`.c (who VARCHAR(9) PRIMARY KEY)',
  "INSERT INTO `a.b`.c VALUES ('a.b/c')",
  'CREATE TABLE a.`b.c` (who VARCHAR(9) PRIMARY KEY, n INT)',
  "INSERT INTO a.`b.c` VALUES ('a/b.c', 1)",
  'CREATE TABLE a.t (n INT)',
]

const SEQUENCES = ['CREATE SEQUENCE `a.b`.s', 'ALTER TABLE a.t ADD id INT DEFAULT NEXTVAL(`a.b`.s)']
