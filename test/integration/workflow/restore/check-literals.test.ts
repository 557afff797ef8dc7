import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Engine } from '#engine/engine'
import type { RunningServer } from '#engine/scratch-server'
import { type BackupPlace, withServer } from '#test/backed-up'
import { TEST_ENGINES } from '#test/engines'
import { withBackups } from '#test/with-backups'

/** MySQL keeps their literals otherwise as soon as a key is added to the table. */
const TABLES = [
  "CREATE TABLE shop.plain (n INT, c VARCHAR(9) CHARACTER SET latin1, KEY (n), CHECK (c <> 'é'))",
  "CREATE TABLE shop.named (n INT, c VARCHAR(9) CHARACTER SET utf8mb4, FULLTEXT KEY (c), CHECK (c <> _latin1 x'E9'))",
  "CREATE TABLE shop.numbers (n INT, KEY (n), CHECK (n BETWEEN _utf8mb4'1' AND _utf8mb4'3'))",
  "CREATE TABLE shop.bits (n INT PRIMARY KEY, c BIT(17), UNIQUE KEY (c), CHECK (c NOT LIKE 'zx' ESCAPE '|'))",
  // Each refers to the other, and to a key that is made after the rows.
  "CREATE TABLE shop.child (id INT PRIMARY KEY, p CHAR(3) CHARACTER SET latin1, KEY (p), CHECK (p <> _utf8mb4'x'), CONSTRAINT below CHECK (id > 0))",
  "CREATE TABLE shop.parent (id INT PRIMARY KEY, code CHAR(3) CHARACTER SET latin1, child INT, UNIQUE KEY (code), CHECK (code <> _utf8mb4'x'))",
  'ALTER TABLE shop.parent ADD CONSTRAINT to_child FOREIGN KEY (child) REFERENCES shop.child (id)',
  'ALTER TABLE shop.child ADD CONSTRAINT to_parent FOREIGN KEY (p) REFERENCES shop.parent (code)',
  "INSERT INTO shop.parent VALUES (1, 'a', NULL)",
  "INSERT INTO shop.child VALUES (1, 'a')",
  'UPDATE shop.parent SET child = 1',
]

/** A session on the server that everything was restored into, as it was. */
async function restored(place: BackupPlace, server: RunningServer, engine: Engine) {
  const { outcome } = await place.restore(server)
  expect(outcome?.checks.filter(check => check.outcome === 'failed')).toEqual([])
  return await engine.connect(server.administrator)
}

test.each(TEST_ENGINES)('%s: literals of a CHECK come back as they were', async family => {
  await withBackups(family, async ({ folder, place }) => {
    await withServer(family, join(folder, 'source'), async (server, engine) => {
      const session = await engine.connect(server.administrator)
      for (const sql of ['CREATE DATABASE shop', ...TABLES]) await session.run(sql)
      await session.close()
      await place.report(server)
    })
    await withServer(family, join(folder, 'target'), async (server, engine) => {
      const session = await restored(place, server, engine)
      await expect(session.run("INSERT INTO shop.plain VALUES (1, 'é')")).rejects.toThrow(
        /CHECK|constraint/i,
      )
      await expect(session.run("UPDATE shop.parent SET code = 'x'")).rejects.toThrow(
        /CHECK|constraint/i,
      )
      await session.close()
    })
  })
})

/** MySQL reads the CHECK's literal under it, in which the quote ends it: an error, and the trigger is there all the same. */
test.each(TEST_ENGINES)(
  '%s: a trigger under NO_BACKSLASH_ESCAPES comes back on a table whose CHECK has a quote',
  async family => {
    await withBackups(family, async ({ folder, place }) => {
      await withServer(family, join(folder, 'source'), async (server, engine) => {
        const session = await engine.connect(server.administrator)
        for (const sql of [
          'CREATE DATABASE shop',
          "CREATE TABLE shop.quoted (n INT, c VARCHAR(9), CHECK (c <> '\\'\"'))",
          'CREATE TABLE shop.deleted (n INT)',
          // It closes the table, on the source and in the restore.
          'CREATE TRIGGER shop.before_it BEFORE DELETE ON shop.quoted FOR EACH ROW SET @before = OLD.n',
          'INSERT INTO shop.quoted VALUES (1, NULL)',
          "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'",
          'CREATE VIEW shop.quotes AS SELECT n FROM shop.quoted',
        ]) {
          await session.run(sql)
        }
        const made = session.run(
          'CREATE TRIGGER shop.note AFTER DELETE ON shop.quoted FOR EACH ROW INSERT INTO shop.deleted VALUES (OLD.n)',
        )
        await made.catch((error: unknown) => expect(String(error)).toMatch(/SQL syntax/))
        await session.close()
        await place.report(server)
      })
      await withServer(family, join(folder, 'target'), async (server, engine) => {
        const session = await restored(place, server, engine)
        await session.run('DELETE FROM shop.quoted')
        expect(await session.rows('SELECT n FROM shop.deleted')).toEqual([{ n: 1 }])
        await session.close()
      })
    })
  },
)
